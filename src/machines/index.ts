/**
 * The door to the machines alone (`telec/machines`): the charts, the event language and the order of the queue, pure.
 * Loads no client of Redis or git and touches nothing.
 */
export { CANDIDATE_STATES, type CandidateState, candidateMachine } from './candidate.ts';
export { deliveryMachine } from './delivery.ts';
export { type Diagram, diagramOf, mermaidOf } from './diagram.ts';
export * from './events.ts';
export { type CandidateKey, candidateKey } from './identity.ts';
export { integratorMachine } from './integrator.ts';
export { leaseMachine } from './lease.ts';
export { type NotificationRow, projectNotification } from './notification.ts';
export { compareQueue, compareRank } from './queue.ts';
export { type ProbedFacts, type Reason, readinessReasons } from './readiness.ts';
export { FRESH_STANDING, foldStanding, type Standing } from './standing.ts';
export { todoMachine } from './todo.ts';
