/** The machines that are drawn, and their charts placed. */
import type { AnyStateMachine } from 'xstate';
import type { ChartShapes } from '../../src/io/page/chart-shape.ts';
import { candidateMachine } from '../../src/machines/candidate.ts';
import { deliveryMachine } from '../../src/machines/delivery.ts';
import { diagramOf } from '../../src/machines/diagram.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { leaseMachine } from '../../src/machines/lease.ts';
import { todoMachine } from '../../src/machines/todo.ts';
import { type Plan, planOf } from './plan.ts';

export const MACHINES: readonly AnyStateMachine[] = [
  candidateMachine,
  integratorMachine,
  leaseMachine,
  todoMachine,
  deliveryMachine,
];

/** What ends a state, in the words of the machine. */
export function endsBy(machine: AnyStateMachine, id: string): string {
  const node = machine.getStateNodeById(`${machine.id}.${id}`);
  if (node.type === 'final') return 'final';
  return (node.meta as { endsBy?: string } | undefined)?.endsBy ?? '';
}

export function planFor(machine: AnyStateMachine): Plan {
  return planOf(diagramOf(machine), (id) => endsBy(machine, id));
}

export async function shapesOf(machine: AnyStateMachine): Promise<ChartShapes> {
  // Loaded where it is needed: elk takes longer to load than all else the pages need.
  const { placeMedium, placeNarrow, placeWide } = await import('./layout.ts');
  const plan = planFor(machine);
  const head = { machine: machine.id, description: machine.root.description ?? '' };
  return {
    wide: await placeWide(plan, head),
    medium: await placeMedium(plan, head),
    narrow: await placeNarrow(plan, head),
  };
}
