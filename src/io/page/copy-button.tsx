/** Copies a text, and says that it did. */
import { useState } from 'react';

export function CopyButton({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
    } catch {
      setDone(false);
    }
  };
  return (
    <button type="button" className="small" onClick={() => void copy()}>
      {done ? 'Copied' : 'Copy'}
    </button>
  );
}
