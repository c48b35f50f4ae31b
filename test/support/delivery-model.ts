/** What may happen to the sender of a surface: the answers of the surface, and the calls of the notifier. */
import type { SnapshotFrom } from 'xstate';
import {
  type DeliveryContext,
  type DeliveryEvent,
  type DeliveryInput,
  type DeliveryOutcome,
  deliveryMachine,
} from '../../src/machines/delivery.ts';
import { type Answers, type InnerEvent, innerEvents, pathOf } from './exploration.ts';

type DeliverySnapshot = SnapshotFrom<typeof deliveryMachine>;

export const DELIVERY_INPUT: DeliveryInput = {
  surface: 'telegram',
  gatherMs: 400,
  perMinute: 2,
  recheckMs: 3_600_000,
};

const outcomes: Record<string, DeliveryOutcome> = {
  'sent, and that was all': { kind: 'sent', at: 1000, more: false },
  'sent, and more is due': { kind: 'sent', at: 1000, more: true },
  'nothing was due': { kind: 'nothing' },
  'another has the turn': { kind: 'others', leftMs: 30_000 },
  'asked for a pause': { kind: 'limited', retryAfterMs: 5000 },
  'could not be reached': { kind: 'failed', detail: 'ECONNREFUSED', roll: 0.5 },
  'refused for good': { kind: 'gone', detail: 'it answers 401' },
};

const answers: Answers<DeliveryContext> = {
  sendNext: () => Object.entries(outcomes).map(([name, output]) => ({ name, output })),
};

export const DELIVERY_CALLS: readonly (DeliveryEvent & { name: string })[] = [
  { type: 'delivery.due', at: 2000, name: 'delivery.due' },
  { type: 'delivery.due', at: 62_000, name: 'delivery.due, a minute later' },
  { type: 'delivery.stop', name: 'delivery.stop' },
];

export function deliveryEventsAt(snapshot: DeliverySnapshot): InnerEvent[] {
  return [...DELIVERY_CALLS, ...innerEvents(deliveryMachine, snapshot, answers)];
}

export function deliveryEssence({ value, context }: DeliverySnapshot): string {
  const { sentAt, failures, pauseMs, fault, again } = context;
  return JSON.stringify([pathOf(value), sentAt.length, Math.min(failures, 2), pauseMs > 0, fault !== null, again]);
}
