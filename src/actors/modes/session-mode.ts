/**
 * In which mode a session runs: as the log says, narrowed by the switches of its environment. They were made for sessions
 * that telec starts; whoever forges them gets less, never more.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { cutoverSwitch, paritySwitch } from '../../io/acting.ts';
import { type CutoverControls, type ModeDecision, type Modes, modeOf } from '../../machines/modes.ts';

/** What the switches take away. One that is absent, and one that says yes, takes away nothing. */
export function narrowedBy(env: Record<string, string | undefined>): Partial<CutoverControls> {
  return {
    ...(cutoverSwitch(env) === 'off' ? { enabled: false } : {}),
    ...(paritySwitch(env) === 'off' ? { parityAccepted: false } : {}),
  };
}

function decide(modes: Modes, narrowed: Partial<CutoverControls>): ModeDecision | null {
  const byLog = modeOf(modes);
  // A switch that says no would lead to shadow, which is more than what the log refuses altogether.
  return byLog?.kind === 'refused' ? byLog : modeOf(modes, narrowed);
}

/** In which mode a session would run now; null while none may. */
export function modeNow(modes: Modes, narrowed: Partial<CutoverControls>): 'live' | 'shadow' | null {
  const decision = decide(modes, narrowed);
  return decision === null || decision.kind === 'refused' ? null : decision.kind;
}

/** Thrown: CUTOVER_INCOMPLETE (6) when nobody may integrate, not even in shadow. */
export function sessionMode(modes: Modes, narrowed: Partial<CutoverControls>): 'live' | 'shadow' {
  const decision = decide(modes, narrowed);
  if (decision?.kind === 'refused') {
    throw new TelecError('CUTOVER_INCOMPLETE', EXIT.refused, decision.detail, {
      hint: 'telec cutover status says what is missing; telec cutover rollback --reason "..." goes back to shadow',
    });
  }
  return decision?.kind === 'live' ? 'live' : 'shadow';
}
