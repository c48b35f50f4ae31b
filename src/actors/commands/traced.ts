/**
 * The actors of a session that runs in another process, or ran once, as the log shows them: the state that its events tell,
 * and the chart with it. What only the process itself knows is left out.
 */
import { diagramOf, mermaidOf } from '../../machines/diagram.ts';
import { integratorMachine } from '../../machines/integrator.ts';
import type { Trace } from '../../machines/integrator-trace.ts';
import { leaseMachine } from '../../machines/lease.ts';
import type { ActorDetailView, ActorRow } from '../client.ts';
import type { Repository } from '../repository.ts';
import { testsView } from '../tests/shown.ts';
import type { TestsView } from '../tests/views.ts';

const MACHINES = { integrator: integratorMachine, lease: leaseMachine } as const;

/** None while no session works. */
export function tracedActors(trace: Trace): ActorRow[] {
  return traced(trace, null).map(({ context: _context, mermaid: _mermaid, ...row }) => row);
}

/** Null when there is none of that id. `repository`: what its log says of tests. */
export function tracedActorDetail(repository: Repository, trace: Trace, id: string): ActorDetailView | null {
  return traced(trace, testsView(repository, null)).find((actor) => actor.id === id) ?? null;
}

function traced({ session, fence, state, candidate, lease }: Trace, tests: TestsView | null): ActorDetailView[] {
  const actors: ActorDetailView[] = [];
  if (session !== null)
    actors.push(
      actor(session, 'integrator', state, null, {
        session_id: session,
        fence,
        candidate,
        window: tests?.window ?? null,
        chain: tests?.chain ?? [],
      }),
    );
  if (lease !== null) {
    const context = { session_id: lease.owner, fence: lease.fence };
    actors.push(actor(`lease:${lease.owner}`, 'lease', 'holding', lease.acquiredAt, context));
  }
  return actors;
}

function actor(
  id: string,
  machine: keyof typeof MACHINES,
  value: string,
  since: string | null,
  context: Record<string, unknown>,
): ActorDetailView {
  const diagram = diagramOf(MACHINES[machine]);
  const path = value.split('.');
  const active = path.map((_name, index) => path.slice(0, index + 1).join('.'));
  const heard = diagram.edges.filter(({ from, cause }) => cause === 'event' && ['', ...active].includes(from));
  const accepts = [...new Set(heard.map(({ event }) => event))];
  return { id, machine, value, since, accepts, context, mermaid: mermaidOf(diagram, active) };
}
