/** What a route of the daemon is, and what it may act on. The table stands in `routes.ts`, what is watched in `live/routes.ts`. */
import { z } from 'zod';
import type { TelecClient } from './client.ts';
import type { IntegratorDesk } from './sessions/views.ts';
import type { Report } from './steward.ts';
import type { WebEntry } from './web-entry.ts';

/** What the routes act on. */
export interface RouteParts {
  client: TelecClient;
  integrator: IntegratorDesk;
  /** Ends the daemon; the answer goes out first. */
  stop(): void;
  /** The running actors as frames of the Stately inspection protocol. */
  frames(): Promise<unknown[]>;
  /** Gives out tickets for the web door; null for who comes through that door himself. */
  entry: Pick<WebEntry, 'issue'> | null;
  /** What Prometheus is told. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Values that no answer may show. */
  secrets: string[];
  report: Report;
}

export interface Route {
  method: 'GET' | 'POST';
  path: string;
  /** One sentence for people. */
  summary: string;
  /** What may be asked: the query of a GET, the body of a POST. Strict. */
  question: z.ZodObject;
  /** The command whose right it takes; null for what only reads. */
  command: string | null;
  /** Answers the value that is sent as JSON. */
  answer(parts: RouteParts, question: Record<string, unknown>): Promise<unknown>;
}

/** One row of the table, its answer typed by its question. */
export function route<Q extends z.ZodObject>(
  method: Route['method'],
  path: string,
  summary: string,
  question: Q,
  answer: (parts: RouteParts, question: z.output<Q>) => Promise<unknown>,
  command: string | null = null,
): Route {
  return { method, path, summary, question, answer: answer as Route['answer'], command };
}

export const nothing = z.strictObject({});
export const text = (about: string) =>
  z.string().min(1, 'is empty').max(1000, 'is longer than 1000 characters').describe(about);

/** Id of an entry of the log, in the past of which something is asked. */
export const entry = (about: string) =>
  z
    .string()
    .regex(/^(0|\d{1,20}-\d{1,20})$/, 'is no id of a log entry')
    .describe(about);
