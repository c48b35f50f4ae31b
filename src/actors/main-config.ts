/**
 * The configuration by which a session goes: what main's own file says as the remote has it now. A clone may know an older
 * main, and a branch or a work tree has no say in it. Reads only; decides nothing.
 */
import { TelecError } from '../errors.ts';
import { CONFIG_FILE, type Config, readConfig } from '../io/config.ts';
import type { IntegrationRepository } from '../io/git/port.ts';
import type { Opened } from './commands/session.ts';
import { configText } from './workspace.ts';

/** `usable`: null where main cannot be read now, so that what was known last counts. */
export async function configOfMain(
  { workspace, context }: Opened,
  git: IntegrationRepository,
  { signal, complain }: { signal: AbortSignal; complain(error: TelecError, main: string): void },
): Promise<Config | null> {
  const look = await git.look(signal);
  if (look.kind !== 'seen' || look.view.main === null) return null;
  const { main } = look.view;
  if (!(await git.hasCommit(main)) && (await git.fetch([], signal)).kind !== 'fetched') return null;
  try {
    const text = await git.readFile(main, CONFIG_FILE);
    const { config } = readConfig({ main: text, workTree: configText(workspace.mainWorkTree), env: context.env });
    const { integration, guards, cleanup, checks, speculation } = config;
    return { ...workspace.config, integration, guards, cleanup, checks, speculation };
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    complain(error, main);
    return null;
  }
}
