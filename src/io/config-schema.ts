/**
 * The shape of `telec.yaml`: every key with its bounds, its default and its meaning. Data alone; where a value comes from
 * is decided in `config.ts`.
 */
import { z } from 'zod';
import { checksSchema, speculationSchema } from './config-checks.ts';
import { notifySchema } from './config-notify.ts';
import { LOOPBACK } from './loopback.ts';

/** What git refuses in a ref name, and a leading dash, which a program would take for an option. */
const NOT_IN_REF = /^-|^\/|\/$|\.$|\/\/|\.\.|@\{|(^|\/)\.|\.lock(\/|$)|[\u0000-\u0020\u007f~^:?*[\\]/;

const refName = (what: string) =>
  z
    .string()
    .min(1, 'is empty')
    .max(200, 'is longer than 200 characters')
    .refine((name) => !NOT_IN_REF.test(name) && name !== '@', { error: `is no name git takes for ${what}` });

function isRedisUrl(text: string): boolean {
  try {
    return ['redis:', 'rediss:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);
const DAY_MS = 86_400_000;

/** Candidates compared before a cutover, where nobody says otherwise. */
export const PARITY_MIN_DEFAULT = 20;

export const integrationSchema = z.strictObject({
  strategy: z
    .enum(['merge', 'squash'])
    .default('merge')
    .describe('How a candidate lands: a merge commit or one commit.'),
  grace_ms: milliseconds(0, DAY_MS).default(2000).describe('How long a session waits for more before it ends, ms.'),
  probe_ms: milliseconds(10, DAY_MS).default(30_000).describe('How often the remote is fetched and looked at, ms.'),
  push_attempts: z.int().min(1).max(100).default(3).describe('Rebuilds after a lost race before the session ends.'),
  parity_min: z
    .int()
    .min(1)
    .max(10_000)
    .default(PARITY_MIN_DEFAULT)
    .describe('Candidates that shadow must have compared before a cutover.'),
  push_batch: z.int().min(1).max(100).default(10).describe('Whole deliveries per push at most.'),
  radar: z
    .boolean()
    .default(true)
    .describe('Merge pushed branches in memory, with main and each other, and tell whose will conflict.'),
  author: z
    .string()
    .max(200)
    .regex(
      /^[^<>\u0000-\u001f\u007f]*[^<>\u0000-\u0020\u007f] <[^<>\s\u0000-\u001f\u007f]+>$/,
      'is not of the form "Name <mail>"',
    )
    .default('telec integrator <telec@localhost>')
    .describe('Author and committer of the commits telec makes.'),
  after_delivery: z
    .string()
    .max(4000)
    .regex(/\S/, 'is empty')
    .regex(/^[^\u0000]*$/, 'holds a NUL character')
    .nullable()
    .default(null)
    .describe('Command run by /bin/sh after each drain that delivered something, as "make restart".'),
});

export const cleanupSchema = z.strictObject({
  worktree: z
    .boolean()
    .default(true)
    .describe('Remove the work tree of a delivered branch, if nothing in it is unsaved.'),
  local_branch: z.boolean().default(true).describe('Remove a delivered branch from the clones of this machine.'),
  remote_branch: z.boolean().default(true).describe('Remove a delivered branch from the remote.'),
  todo: z.boolean().default(true).describe('Remove the folder of a delivered todo on main.'),
});

export const leaseSchema = z
  .strictObject({
    ttl_ms: milliseconds(1500, DAY_MS).default(120_000).describe('How long a lease lives without renewal, ms.'),
    renew_ms: milliseconds(100, DAY_MS).default(30_000).describe('How often the holder renews it, ms.'),
  })
  .refine((lease) => lease.renew_ms * 3 <= lease.ttl_ms, {
    path: ['renew_ms'],
    error: 'three times renew_ms must not exceed ttl_ms',
  });

export const webSchema = z.strictObject({
  host: z
    .string()
    .regex(LOOPBACK, 'is no loopback address')
    .default('127.0.0.1')
    .describe('Loopback address of the web door; localhost is 127.0.0.1.'),
  port: z.int().min(0).max(65_535).default(7433).describe('Its port; when taken, the next free one. 0: any.'),
});

export const configSchema = z.strictObject({
  remote: refName('a remote')
    .refine((name) => !name.includes('/'), { error: 'contains /' })
    .default('origin')
    .describe('Name of the canonical remote.'),
  main: refName('a branch')
    .refine((name) => name !== 'HEAD' && !name.startsWith('refs/'), { error: 'is not a plain branch name' })
    .default('main')
    .describe('The branch that only the integrator moves.'),
  repo_id: z
    .string()
    .regex(/^[a-z0-9._-]{1,64}$/, 'is not 1 to 64 of a-z, 0-9, dot, dash and underscore')
    .refine((id) => id !== '.' && id !== '..', { error: 'is no name but a path' })
    .nullable()
    .default(null)
    .describe("Identity of the repository; null derives it from the remote's URL."),
  redis: z
    .string()
    .refine((value) => value === 'embedded' || isRedisUrl(value), {
      error: 'is neither "embedded" nor a redis:// or rediss:// URL',
    })
    .default('embedded')
    .describe('"embedded" for a private server of this machine, or the URL of a shared one.'),
  lease: leaseSchema.prefault({}).describe('The lease on main.'),
  integration: integrationSchema.prefault({}).describe("How candidates land; read from main's own file."),
  guards: z
    .enum(['normal', 'strict'])
    .default('normal')
    .describe("strict: a commit on main without receipt halts and takes the cutover back; read from main's own file."),
  checks: checksSchema
    .default([])
    .describe("Commands run on the very tree that will land: {name, run, timeout_ms}; read from main's own file."),
  speculation: speculationSchema
    .prefault({})
    .describe("How far ahead of main deliveries are tested; read from main's own file."),
  web: webSchema.prefault({}).describe('Where the daemon answers over HTTP.'),
  notify: notifySchema.prefault({}).describe('Who is told outside of telec, and where.'),
  cleanup: cleanupSchema.prefault({}).describe("What is cleaned up behind a delivery; read from main's own file."),
});
