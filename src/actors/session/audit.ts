/** The audit of what a session just brought to main, and what follows when it finds something. */
import type { AuditOutcome, Member } from '../../machines/effects.ts';
import type { Violation } from '../../machines/events.ts';
import type { Emission } from '../producer.ts';
import type { SessionWork } from './work.ts';

/** Compares what landed with what was to land. */
export async function auditTrain(_work: SessionWork, _train: Member[]): Promise<AuditOutcome> {
  return { kind: 'audited', violations: [] };
}

/** That main was audited up to a commit. */
export function audited(
  work: SessionWork,
  seen: { from: string; to: string; commits: number; violations: Violation[] },
): Emission {
  return { type: 'integration.main.audited', payload: { ...work.stamp(), ...seen, alarm: null } };
}

/** Halts when the audit found something. */
export async function answerViolations(_work: SessionWork, _violations: Violation[]): Promise<void> {}
