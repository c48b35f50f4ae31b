/**
 * The shape of `checks` and `speculation` in `telec.yaml`: what is run on a tree before it lands, and how far ahead of
 * main that is done. Data alone; both are taken from main's own file, so that no branch loosens its own checks.
 */
import { z } from 'zod';

const DAY_MS = 86_400_000;
/** A path, or a pattern with * and **, from the top of the repository. */
const pattern = () =>
  z
    .string()
    .min(1, 'is empty')
    .max(500, 'is longer than 500 characters')
    .regex(/^[^\u0000-\u001f\u007f\\]+$/, 'holds a control character or a backslash')
    .refine((text) => !text.startsWith('/') && !text.startsWith('!'), { error: 'starts with / or !' })
    .refine((text) => !text.split('/').some((part) => part === '..' || part === '.' || part === ''), {
      error: 'has an empty part, . or ..',
    });

const commandLine = () =>
  z
    .string()
    .max(4000, 'is longer than 4000 characters')
    .regex(/\S/, 'is empty')
    .regex(/^[^\u0000]*$/, 'holds a NUL character');

const retries = z.strictObject({
  failed: z.int().min(0).max(10).default(0).describe('The command ended with another status than 0.'),
  timed_out: z.int().min(0).max(10).default(0).describe('It ran longer than timeout_ms.'),
  killed: z.int().min(0).max(10).default(1).describe('A signal that telec did not send ended it.'),
  not_started: z.int().min(0).max(10).default(2).describe('It could not be started.'),
});

const check = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, 'is not 1 to 64 of a-z, A-Z, 0-9, dot, _ and -'),
  run: commandLine(),
  timeout_ms: z.int().min(1).max(DAY_MS).default(600_000),
  paths: z
    .array(pattern())
    .min(1, 'names no path')
    .max(100)
    .nullable()
    .default(null)
    .describe('All that it sees of the tree; without it the whole tree.'),
  toolchain: commandLine()
    .nullable()
    .default(null)
    .describe('Command whose output names the tools; another output, and earlier verdicts do not count.'),
  retries: retries.prefault({}).describe('Further tries by kind of failure, over the whole life of a commit.'),
});

export const checksSchema = z
  .array(check)
  .max(50, 'are more than 50')
  .refine((checks) => new Set(checks.map(({ name }) => name)).size === checks.length, {
    error: 'names a check twice',
  });

const lane = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'is not 1 to 40 of a-z, 0-9, _ and -'),
  paths: z.array(pattern()).min(1, 'names no path').max(100),
});

export const speculationSchema = z.strictObject({
  window: z.int().min(1).max(64).default(4).describe('Deliveries tested ahead of main at a time; 1 is a serial gate.'),
  parallel: z
    .int()
    .min(1)
    .max(256)
    .nullable()
    .default(null)
    .describe('Checks that run at a time; null: as many as the machine has cores.'),
  batch: z
    .union([z.int().min(1).max(8), z.literal('auto')], 'is neither a number from 1 to 8 nor auto')
    .default(1)
    .describe('Deliveries tested together; auto: by the failure rate.'),
  patience: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Later verdicts that a failed delivery waits for; one that passes clears it.'),
  lanes: z
    .array(lane)
    .max(20)
    .refine((lanes) => new Set(lanes.map(({ name }) => name)).size === lanes.length, { error: 'names a lane twice' })
    .default([])
    .describe('Scopes by path whose candidates may overtake each other.'),
  priorities: z.boolean().default(false).describe('Whether the priority of a candidate moves it in the queue.'),
});

/** Why a run did not pass. */
export type FailureKind = keyof z.infer<typeof retries>;

/** One configured check. Durations in ms. */
export interface CheckDefinition {
  name: string;
  /** Line for `/bin/sh -c`. */
  run: string;
  timeoutMs: number;
  /** Patterns of the only paths it sees; null for the whole tree. */
  paths: readonly string[] | null;
  toolchain: string | null;
  retries: Readonly<Record<FailureKind, number>>;
}

export interface Lane {
  name: string;
  paths: readonly string[];
}

export interface Speculation {
  window: number;
  parallel: number | null;
  batch: number | 'auto';
  patience: number;
  lanes: readonly Lane[];
  priorities: boolean;
}

export const toChecks = (checks: z.infer<typeof checksSchema>): CheckDefinition[] =>
  checks.map(({ timeout_ms: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }));
