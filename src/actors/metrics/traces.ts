/**
 * Tells a collector of each delivery, when the environment names one (`OTEL_EXPORTER_OTLP_ENDPOINT`, as OpenTelemetry
 * has it). What cannot be sent is told in the log of the daemon and dropped; nothing waits for it.
 */
import { hostname } from 'node:os';
import type { SpanSender } from '../../io/otlp.ts';
import { telecVersion } from '../../io/version.ts';
import type { Companion, CompanionParts } from '../companions.ts';
import { type DeliveryTrace, DeliveryTraces } from './delivery-trace.ts';

/** Deliveries that wait while the sender is loaded. */
const WAITING_MAX = 1000;
/** Faults are told once in this time, ms. */
const TOLD_EVERY_MS = 60_000;

/** Where spans go by the environment; null when nobody asked for them. */
export function tracesUrl(env: Record<string, string | undefined>): string | null {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return null;
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (own) return own;
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return base ? `${base.replace(/\/$/, '')}/v1/traces` : null;
}

/** Null where no collector is named. */
export function openTraces({ opened, report }: Pick<CompanionParts, 'opened' | 'report'>): Companion | null {
  const { context, host, workspace } = opened;
  const url = tracesUrl(context.env);
  if (url === null) return null;
  const traces = new DeliveryTraces();
  const waiting: DeliveryTrace[] = [];
  let sender: SpanSender | null = null;
  let loading: Promise<void> = Promise.resolve();
  let toldAt = Number.NEGATIVE_INFINITY;
  const onFault = (detail: string) => {
    const now = host.clock.monotonic();
    if (now - toldAt < TOLD_EVERY_MS) return;
    toldAt = now;
    report.warn('traces could not be sent', { detail });
  };
  const load = async () => {
    const { openSpanSender } = await import('../../io/otlp.ts');
    const resource = {
      'service.name': context.env['OTEL_SERVICE_NAME'] ?? 'telec',
      'service.version': telecVersion(),
      'service.instance.id': `${workspace.repoId}@${hostname()}`,
      'telec.repo_id': workspace.repoId,
      'telec.log_id': host.logId,
    };
    sender = openSpanSender({ url, resource, onFault });
    for (const trace of waiting.splice(0)) sender.send(trace);
  };
  return {
    start() {
      loading = load().catch((error: unknown) => report.error('traces cannot be sent', error));
    },
    applied({ domain, id }, changes) {
      for (const trace of traces.applied(domain, changes, id)) {
        if (sender) sender.send(trace);
        else if (waiting.length < WAITING_MAX) waiting.push(trace);
      }
    },
    async stop() {
      await loading;
      await sender?.close().catch((error: unknown) => onFault(String(error)));
    },
  };
}
