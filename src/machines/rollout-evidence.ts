/**
 * Whether shadow may be left: the five points of evidence, each met by something that was seen or missing with what is
 * missing. Rollouts and cutovers are judged by them alike. Pure. Never takes silence for evidence: what is not known is
 * missing.
 */

/** What shadow sessions and the other path did with the same candidates, counted. */
export interface ParityFacts {
  /** Candidates of which both verdicts are known. */
  compared: number;
  /** Of these, those with the same decision and the same tree. */
  agreeing: number;
  /** Conflicts and supersessions among the compared. */
  conflicts: number;
  supersessions: number;
  /** Pushes of the canonical remote made in shadow, leases held twice at a time, candidates taken out of turn. */
  pushes: number;
  leaseOverlaps: number;
  fifoViolations: number;
}

/** What is known, each with the place it was seen at, in words for people. */
export interface GoFacts {
  /** The slice that runs in shadow; null when the rollout names none. Texts say where delivery and approval stand. */
  shadow: { slug: string; delivered: string | null; approved: string | null } | null;
  /** A session that ran in shadow; counts where no slice does. */
  shadowSession: string | null;
  parity: ParityFacts | null;
  /** Candidates that both ways must have been compared on. */
  parityMin: number;
  /** Refusals of pushes by others, and pushes of the integrator that passed while guards were in force. */
  refusals: readonly string[];
  guardedDeliveries: readonly string[];
  /** Ways of others to main that the newest trial of the guards found open. */
  leaked: number;
  /** Deliveries of the integrator, guards or not. */
  deliveries: number;
  rollback: {
    /** The document the rollout names, whether or not it exists. */
    document: string | null;
    exists: boolean;
    /** A rollback that was done. */
    exercised: string | null;
  };
}

export type GoPointId = 'shadow_delivered' | 'parity' | 'others_refused' | 'integrator_passes' | 'rollback';

/** One point: met with its evidence, else each thing that is missing. */
export interface GoPoint {
  id: GoPointId;
  /** What is asked. */
  asks: string;
  met: boolean;
  evidence: string | null;
  missing: string[];
}

/** `passed`: the cutover is delivered, nothing is left to decide. */
export interface GoDecision {
  cutover: string;
  shadow: string | null;
  verdict: 'go' | 'no_go' | 'passed';
  /** Always all five, in their order. */
  points: GoPoint[];
}

/** The five points in their order. */
export function goPoints(facts: GoFacts): GoPoint[] {
  return [shadowPoint(facts), parityPoint(facts), refusedPoint(facts), passesPoint(facts), rollbackPoint(facts)];
}

/** The points that compare two paths, which there are not: a person states that no other one moves main. */
export function withoutOtherPath(points: readonly GoPoint[], stated: string): GoPoint[] {
  return points.map((one) =>
    one.id === 'shadow_delivered' || one.id === 'parity' ? { ...one, met: true, evidence: stated, missing: [] } : one,
  );
}

/** The decision for a cutover slice. */
export function decideGo(cutover: { slug: string; delivered: boolean }, facts: GoFacts): GoDecision {
  const points = goPoints(facts);
  const verdict = cutover.delivered ? 'passed' : points.every(({ met }) => met) ? 'go' : 'no_go';
  return { cutover: cutover.slug, shadow: facts.shadow?.slug ?? null, verdict, points };
}

function point(id: GoPointId, asks: string, evidence: readonly string[], missing: string[]): GoPoint {
  const met = missing.length === 0;
  return { id, asks, met, evidence: met ? evidence.join('; ') : null, missing };
}

function shadowPoint({ shadow, shadowSession }: GoFacts): GoPoint {
  const asks = 'what runs in shadow is delivered and approved';
  if (shadow === null) {
    const seen = shadowSession === null ? [] : [`session ${shadowSession} ran in shadow`];
    return point('shadow_delivered', asks, seen, seen.length > 0 ? [] : ['no slice and no session that ran in shadow']);
  }
  const { slug, delivered, approved } = shadow;
  const missing = [
    ...(delivered === null ? [`${slug} is not delivered`] : []),
    ...(approved === null ? [`no approval of ${slug} is known`] : []),
  ];
  return point('shadow_delivered', asks, [delivered ?? '', approved ?? ''], missing);
}

function parityPoint({ parity, parityMin }: GoFacts): GoPoint {
  const asks = `shadow agrees with the other path on all of at least ${parityMin} candidates and pushes nothing`;
  if (parity === null) return point('parity', asks, [], ['nothing was compared in shadow']);
  const { compared, agreeing, conflicts, supersessions, pushes, leaseOverlaps, fifoViolations } = parity;
  const missing = [
    ...(compared < parityMin ? [`${compared} compared, ${parityMin} wanted`] : []),
    ...(agreeing < compared ? [`${compared - agreeing} of ${compared} disagree`] : []),
    ...(conflicts < 1 ? ['no conflict among them'] : []),
    ...(supersessions < 1 ? ['no supersession among them'] : []),
    ...(pushes > 0 ? [`pushes made in shadow: ${pushes}`] : []),
    ...(leaseOverlaps > 0 ? [`leases held at the same time: ${leaseOverlaps}`] : []),
    ...(fifoViolations > 0 ? [`candidates taken out of turn: ${fifoViolations}`] : []),
  ];
  const seen = `${agreeing} of ${compared} agree, ${conflicts} conflicts and ${supersessions} supersessions among them`;
  return point('parity', asks, [seen, 'no push, no second lease, none out of turn'], missing);
}

function refusedPoint({ refusals, leaked }: GoFacts): GoPoint {
  const asks = 'whoever is not the integrator is refused on the way to main';
  const missing = [
    ...(refusals.length === 0 ? ['no refused push of main is recorded'] : []),
    ...(leaked > 0 ? [`ways to main that the guards left open when they were tried: ${leaked}`] : []),
  ];
  return point('others_refused', asks, refusals, missing);
}

function passesPoint({ guardedDeliveries, deliveries }: GoFacts): GoPoint {
  const asks = 'the integrator itself gets through to main';
  const landed = deliveries === 0 ? 'no delivery is recorded' : `${deliveries} delivered, none under guards`;
  return point('integrator_passes', asks, guardedDeliveries, guardedDeliveries.length > 0 ? [] : [landed]);
}

function rollbackPoint({ rollback: { document, exists, exercised } }: GoFacts): GoPoint {
  const asks = 'the way back, its triggers and its steps are written down and tried';
  const missing = [
    ...(document === null ? ['no document about the way back is named'] : []),
    ...(document !== null && !exists ? [`${document} does not exist`] : []),
    ...(exercised === null ? ['no rollback was tried'] : []),
  ];
  return point('rollback', asks, [document ?? '', exercised ?? ''], missing);
}
