/** Opens a file in the person's browser, by the program that the system has for it. Decides whether there is a screen to open it on. */
import { spawn } from 'node:child_process';

/** Who has not failed by then has opened it, ms; some programs stay as long as the browser. */
const OPENED_MS = 3000;

type Env = Record<string, string | undefined>;

/** The program that opens files here; null where none would find a screen. */
function openerOf(env: Env, platform: NodeJS.Platform): string | null {
  if (platform === 'darwin') return 'open';
  if (platform !== 'linux') return null;
  // Without a screen it would start a browser inside the terminal.
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? 'xdg-open' : null;
}

/** Whether the file at `path`, absolute, was handed to a browser. Never throws. */
export function openInBrowser(path: string, env: Env, platform = process.platform): Promise<boolean> {
  const opener = openerOf(env, platform);
  if (opener === null) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(opener, [path], { detached: true, stdio: 'ignore', env });
    child.unref();
    const late = setTimeout(() => resolve(true), OPENED_MS);
    const end = (opened: boolean) => {
      clearTimeout(late);
      resolve(opened);
    };
    child.once('error', () => end(false));
    child.once('exit', (status) => end(status === 0));
  });
}
