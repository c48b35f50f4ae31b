/**
 * The public door (`telec`): what a program needs to emit events, to register its own types and cartridges, and to run
 * the daemon of a repository itself. The pure part stands alone as `telec/machines`.
 */
export { type Bridge, createBridge } from './actors/bridge.ts';
export type * from './actors/client.ts';
export { type DaemonOptions, type RunningDaemon, startDaemon } from './actors/daemon.ts';
export { Host, type HostHooks, type HostOptions, openHost } from './actors/host.ts';
export { runtime } from './actors/open.ts';
export { type Cartridge, Pipeline, type PipelineContext, type PipelineEvent } from './actors/pipeline.ts';
export {
  createProducer,
  type Emission,
  type EmitPayload,
  type EmitResult as EmissionResult,
  type NotificationProducer,
  type ProducerParts,
} from './actors/producer.ts';
export { EXIT, InvariantViolation, type Problem, TelecError } from './errors.ts';
export {
  buildDefaultCatalogue,
  candidateMachine,
  EventCatalogue,
  type EventSchema,
  integratorMachine,
  LEVEL,
  leaseMachine,
  registerIntegrationSchemas,
  todoMachine,
} from './machines/index.ts';
