/** `guard install / check / env / uninstall`: what stands between others and main on this machine. */
import { EXIT } from '../../errors.ts';
import { textOption } from '../arguments.ts';
import { type Handler, withClient } from '../call.ts';
import { usage } from '../exit.ts';
import { guardChangeText, guardCheckText, guardEnvText } from '../guard-messages.ts';
import { asksForServer, installServer, uninstallServer } from './guard-server.ts';

export const install: Handler = async (call) => {
  if (asksForServer(call)) return installServer(call);
  const view = await withClient(call, async (client) => (await client.guards()).install());
  await call.output.answer(view, (value, paint) => guardChangeText(value, 'in', paint));
  return undefined;
};

export const check: Handler = async (call) => {
  const hook = textOption(call.options, 'hook');
  const tool = textOption(call.options, 'tool');
  if (hook !== null || tool !== null) return asked(call, hook === null ? ['--tool', `${tool}`] : ['--hook', hook]);
  const view = await withClient(call, async (client) => (await client.guards()).check());
  await call.output.answer(view, guardCheckText);
  return view.in_force && !view.trial?.leaked ? EXIT.done : EXIT.domain;
};

/** The way of hook and wrappers, with other words around theirs. */
async function asked(
  { args, options, context, stdin, output }: Parameters<Handler>[0],
  kind: string[],
): Promise<number> {
  const { guardCheck, readGuardCall } = await import('../../actors/guards/check.ts');
  const found = readGuardCall([...kind, '--from', textOption(options, 'from') ?? '', '--', ...args]);
  if (!found) throw usage('the guard is asked in a way it does not know', 'telec guard check, without words, explains');
  return guardCheck(found, { env: context.env, cwd: context.cwd, stdin, tell: output.say });
}

export const environment: Handler = async (call) => {
  const view = await withClient(call, async (client) => (await client.guards()).environment());
  await call.output.answer(view, (value) => guardEnvText(value, textOption(call.options, 'shell') ?? 'sh'));
  return undefined;
};

export const uninstall: Handler = async (call) => {
  if (asksForServer(call)) return uninstallServer(call);
  const view = await (await call.runtime()).takeGuardsOut(call.context);
  await call.output.answer(view, (value, paint) => guardChangeText(value, 'out', paint));
  return undefined;
};
