/** Light, dark, or what the system says; kept in this browser. */
import { useState } from 'react';

type Theme = 'system' | 'light' | 'dark';

const KEY = 'telec.theme';
const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };

function read(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Puts the chosen one in force. */
export function applyTheme(theme: Theme = read()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** The chosen one, and going to the next. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(read);
  const turn = () => {
    const next = NEXT[theme];
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
    applyTheme(next);
    setTheme(next);
  };
  return [theme, turn];
}
