/** `guard install / uninstall --server`, `guard allow`: what guards the remote, and a person's way past it. */
import { durationOption, flagOption, requiredOption, textOption } from '../arguments.ts';
import { type Call, type Handler, withClient } from '../call.ts';
import { usage } from '../exit.ts';
import { permitText, serverFilesText, serverGuardText } from '../guard-server-messages.ts';

/** Whether the remote is meant. Thrown: USAGE (2) for options that only make sense there. */
export function asksForServer({ options }: Pick<Call, 'options'>): boolean {
  if (options['server'] !== undefined) return true;
  for (const name of ['key', 'print']) {
    if (options[name] !== undefined) throw usage(`--${name} is about the hooks of the remote`, `add --server`);
  }
  return false;
}

const pathOf = ({ options }: Call): string | null =>
  options['server'] === true ? null : textOption(options, 'server');

export const installServer: Handler = async (call) => {
  const desk = await (await call.runtime()).serverGuard(call.context);
  const request = { path: pathOf(call), key: textOption(call.options, 'key') };
  if (flagOption(call.options, 'print')) await call.output.answer(await desk.print(request), serverFilesText);
  else await call.output.answer(await desk.install(request), (view) => serverGuardText(view, 'in'));
  return undefined;
};

export const uninstallServer: Handler = async (call) => {
  const desk = await (await call.runtime()).serverGuard(call.context);
  await call.output.answer(await desk.uninstall({ path: pathOf(call) }), (view) => serverGuardText(view, 'out'));
  return undefined;
};

export const allow: Handler = async (call) => {
  const request = {
    commit: call.args[0] ?? '',
    reason: requiredOption(call.options, 'reason', 'a way past the guards is recorded with its reason'),
    forMs: durationOption(call.options, 'for'),
  };
  const permit = await withClient(call, async (client) => (await client.guards()).allow(request));
  await call.output.answer(permit, permitText);
  return undefined;
};
