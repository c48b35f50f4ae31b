/** The order of turns in a world: where main has priorities on, what people set, and that nothing else is not first in, first out. */
import type { EventType, PayloadOf } from '../../src/machines/events.ts';
import type { Chance } from './kernel.ts';
import type { Model, ModelCandidate, Told } from './model.ts';
import type { World } from './world.ts';

/** What of the order is configured in the world; nothing in most. */
export const ordering = (chance: Chance): { priorities?: true } => (chance.hit(0.4) ? { priorities: true } : {});

interface Settings {
  slugs: readonly string[];
  spanMs: number;
  emit<T extends EventType>(type: T, payload: PayloadOf<T>): Promise<void>;
  ulid(): string;
}

/** People say what is urgent, whether or not that counts here. */
export function setPriorities({ kernel }: World, { slugs, spanMs, emit, ulid }: Settings): void {
  const { chance } = kernel;
  if (!chance.hit(0.5)) return;
  for (let times = chance.between(1, 4); times > 0; times -= 1) {
    kernel.after(chance.between(0, spanMs), () => {
      const priority = chance.pick(['urgent', 'urgent', 'normal', 'low'] as const);
      const decided = { actor: 'ada', reason: 'customers wait', command_id: ulid() };
      void emit('integration.priority.set', { slug: chance.pick([...slugs]), priority, ...decided });
    });
  }
}

/** Those that waited as of an entry, the oldest first. */
export const fifoOf = (model: Model): string[] => model.fifo().map(({ key }: ModelCandidate) => key);

/** I8: whoever is taken is the oldest, or the entry before says why not and whom it goes ahead of. */
export function judgeTurn(
  world: World,
  { id, payload }: Told,
  { taken, waited, before }: { taken: string; waited: readonly string[]; before: Told | null },
): void {
  const overtaken = waited.slice(0, Math.max(0, waited.indexOf(taken)));
  const told = before?.type === 'integration.order.deviated' && before.payload.as_of === payload.as_of ? before : null;
  const named = told && told.payload.slug === payload.slug && told.payload.attempt === payload.attempt ? told : null;
  const keys = (named?.payload.overtaken ?? []).map(
    (other: { slug: string; branch: string; sha: string }) => `${other.slug}/${other.branch}@${other.sha}`,
  );
  if (overtaken.join(' ') !== keys.join(' '))
    world.fail(
      'I8',
      `${id} takes ${taken} before ${overtaken.join(', ')}, and ${keys.join(', ') || 'nobody'} is told of`,
    );
}
