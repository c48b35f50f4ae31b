/**
 * Sends spans that are over to a collector, by OpenTelemetry over HTTP, in batches and in the background. Loaded only
 * where somebody asked for it: the packages behind it take their time. Knows nothing of what a span is about.
 */
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';

/** One span with those inside it; instants in ms of the epoch. */
interface SentSpan {
  name: string;
  startMs: number;
  endMs: number;
  spans: { name: string; startMs: number; endMs: number }[];
  attributes: Record<string, string | number>;
  fault: string | null;
}

export interface SpanSender {
  /** Takes it and returns at once; when too many wait it is dropped. */
  send(span: SentSpan): void;
  /** Sends what waits, as long as one request may take. */
  close(): Promise<void>;
}

export interface SenderOptions {
  /** Where spans are posted to. */
  url: string;
  /** What sends them, as collectors name it. */
  resource: Record<string, string>;
  /** Told of a batch that could not be sent. */
  onFault(detail: string): void;
}

/** How long one request may take; less than the end of a daemon. */
const SEND_MS = 2000;

export function openSpanSender({ url, resource, onFault }: SenderOptions): SpanSender {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: SEND_MS });
  const telling: SpanExporter = {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error) onFault(result.error.message);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({ exporter: telling, exportTimeoutMillis: SEND_MS });
  const provider = new TracerProvider({ resource: resourceFromAttributes(resource), spanProcessors: [processor] });
  const tracer = provider.getTracer('telec');
  return {
    send({ name, startMs, endMs, spans, attributes, fault }) {
      const root = tracer.startSpan(name, { root: true, startTime: startMs, attributes });
      const inside = trace.setSpan(ROOT_CONTEXT, root);
      for (const part of spans) tracer.startSpan(part.name, { startTime: part.startMs }, inside).end(part.endMs);
      if (fault !== null) root.setStatus({ code: SpanStatusCode.ERROR, message: fault });
      root.end(endMs);
    },
    close: () => provider.shutdown(),
  };
}
