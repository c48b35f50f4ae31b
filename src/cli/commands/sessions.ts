/** `sessions`, `sessions start`, `sessions end`: who works in which role. */
import type { SessionStartView } from '../../actors/sessions/views.ts';
import { EXIT } from '../../errors.ts';
import { isRole, ROLES, type Role } from '../../machines/permissions.ts';
import { flagOption, type Options, requiredOption, textOption } from '../arguments.ts';
import { type Handler, read, route, withClient } from '../call.ts';
import { complain, INTERRUPTED, usage } from '../exit.ts';
import { endText, sessionsText, startText } from '../sessions-messages.ts';
import { integrateEnd } from './integrate.ts';

export const list: Handler = async (call) => {
  const role = textOption(call.options, 'role') as Role | null;
  const all = flagOption(call.options, 'all');
  const rows = await read(call, route('sessions', { role, all: all ? '1' : null }), async (client) =>
    (await client.sessions()).list({ ...(role ? { role } : {}), all }),
  );
  await call.output.answer(rows, (value, paint) => sessionsText(value, call.now(), paint));
  return undefined;
};

function roleOption(options: Options): Role {
  const role = requiredOption(options, 'role', 'a session works in a role');
  if (isRole(role)) return role;
  throw usage(`${JSON.stringify(role)} is no role`, `name one of ${ROLES.join(', ')}`);
}

/** With which status a start ends. An integrator that runs already is what was wanted. */
const START_STATUS: Record<SessionStartView['result'], number> = {
  spawned: EXIT.done,
  registered: EXIT.done,
  already_running: EXIT.done,
  check_failed: EXIT.unreachable,
  spawn_failed: EXIT.domain,
};

export const start: Handler = async (call) => {
  const { signal } = call.context;
  const request = {
    role: roleOption(call.options),
    project: textOption(call.options, 'project'),
    command: textOption(call.options, 'command'),
  };
  const view = await withClient(call, async (client) => (await client.sessions()).start(request, signal));
  await call.output.answer(view, startText);
  if (view.result === 'registered') call.output.say(`${view.session_id} is registered; end it with telec sessions end`);
  if (view.integrate) return signal.aborted ? INTERRUPTED : integrateEnd(call, view.integrate);
  const status = START_STATUS[view.result];
  if (status !== EXIT.done)
    complain(call.output, {
      message: `no session was started: ${view.detail}`,
      hint: view.result === 'check_failed' ? 'telec doctor' : 'telec sessions shows what runs',
    });
  return status;
};

export const end: Handler = async (call) => {
  const id = call.args[0] ?? '';
  return withClient(call, async (client) => {
    const desk = await client.sessions();
    await call.output.answer(await desk.end(id), endText);
    if (id === 'self') await desk.leave();
    return undefined;
  });
};
