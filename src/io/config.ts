/**
 * The configuration: its schema, where each value comes from, and every problem in it at once.
 * Given texts and an environment, never reads a file: who calls knows which file is main's own. What decides how a
 * candidate lands and what is cleaned up behind it (`integration`, `checks`, `speculation`, `cleanup`, `guards`) is taken
 * from main's own file, so that a branch cannot loosen its own rules.
 */
import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { EXIT, type Problem, TelecError } from '../errors.ts';
import { type CheckDefinition, type Speculation, speculationSchema, toChecks } from './config-checks.ts';
import { type NotifyConfig, notifySchema } from './config-notify.ts';
import { cleanupSchema, configSchema, integrationSchema, leaseSchema, webSchema } from './config-schema.ts';
import { nearest } from './near-miss.ts';
import { maskSecrets, maskUrls } from './secrets.ts';

export const CONFIG_FILE = 'telec.yaml';
/** Characters; far above any honest file, far below what hurts. */
const CONFIG_LENGTH_MAX = 64 * 1024;

type ConfigFields = z.infer<typeof configSchema>;

/** The effective configuration. Durations in ms. */
export interface Config {
  remote: string;
  main: string;
  repoId: string | null;
  /** `embedded` or a URL, which may hold a password. */
  redis: string;
  lease: { ttlMs: number; renewMs: number };
  integration: {
    strategy: 'merge' | 'squash';
    graceMs: number;
    probeMs: number;
    pushAttempts: number;
    pushBatch: number;
    /** Candidates compared in shadow before a cutover. */
    parityMin: number;
    /** Whether the daemon looks for conflicts of branches nobody handed over yet. */
    radar: boolean;
    author: string;
    /** Run by `/bin/sh -c` after a drain that delivered something; null for none. */
    afterDelivery: string | null;
  };
  /** `strict`: a commit on main without receipt halts. */
  guards: 'normal' | 'strict';
  /** Run on the tree that will land; none: merged, not tested. */
  checks: readonly CheckDefinition[];
  speculation: Speculation;
  web: { host: string; port: number };
  /** Who is told outside of telec; as in the file. */
  notify: NotifyConfig;
  cleanup: { worktree: boolean; localBranch: boolean; remoteBranch: boolean; todo: boolean };
}

/** What a key may be set to. */
export type ConfigValue = string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>;

/** Every key with its default, what it means and the environment variable that beats the file. */
export interface ConfigKey {
  key: string;
  env: string;
  fallback: ConfigValue;
  meaning: string;
}

const defaults = configSchema.parse({});

/** Every section of the schema, the top one under ''. */
const SECTIONS = {
  '': configSchema.shape,
  lease: leaseSchema.shape,
  integration: integrationSchema.shape,
  speculation: speculationSchema.shape,
  web: webSchema.shape,
  notify: notifySchema.shape,
  cleanup: cleanupSchema.shape,
};
/** Read from main's own file where main has one. */
const OF_MAIN = /^((integration|speculation|cleanup)\.|(guards|checks)$)/;

function isSection(name: string): name is 'lease' | 'integration' | 'speculation' | 'web' | 'notify' | 'cleanup' {
  return name !== '' && Object.hasOwn(SECTIONS, name);
}

export const CONFIG_KEYS: readonly ConfigKey[] = Object.entries(SECTIONS).flatMap(([section, shape]) =>
  Object.entries(shape)
    .filter(([name]) => !isSection(name))
    .map(([name, field]) => {
      const key = section ? `${section}.${name}` : name;
      const env = key === 'redis' ? 'TELEC_REDIS_URL' : `TELEC_${key.replace('.', '_').toUpperCase()}`;
      return { key, env, fallback: valueAt(defaults, key), meaning: field.description ?? '' };
    }),
);

function valueAt(fields: ConfigFields, key: string): ConfigValue {
  let value: unknown = fields;
  for (const part of key.split('.')) value = (value as Record<string, unknown>)[part];
  return value as ConfigValue;
}

/** The texts a configuration is made of; null for a file that does not exist. */
export interface ConfigTexts {
  /** `telec.yaml` of main's newest commit known here. */
  main: string | null;
  /** `telec.yaml` in the main work tree. */
  workTree: string | null;
  env: Record<string, string | undefined>;
}

export interface ConfigReading {
  config: Config;
  /** One row a key; the password of the redis URL masked. */
  rows: { key: string; value: ConfigValue; source: string }[];
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One sentence an unknown key gets, with the name that was probably meant. */
function unknownKey(name: string, section: string): string {
  const guess = nearest(name, keysAt(section));
  if (guess) return `is no key of telec; ${guess} was probably meant`;
  const elsewhere = CONFIG_KEYS.find((entry) => entry.key.endsWith(`.${name}`));
  return elsewhere ? `is no key here; ${elsewhere.key} was probably meant` : 'is no key of telec';
}

/** The keys there are under a dotted path; those of the top where it leads to none. */
function keysAt(path: string): string[] {
  let schema: z.core.$ZodType = configSchema;
  for (const part of path.split('.')) {
    const inner = unwrapped(schema);
    const next = inner instanceof z.ZodObject ? inner.shape[part] : inner instanceof z.ZodArray ? inner.element : null;
    if (!next) return Object.keys(configSchema.shape);
    schema = next;
  }
  const found = unwrapped(schema);
  return Object.keys(found instanceof z.ZodObject ? found.shape : configSchema.shape);
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod as { def: { innerType?: z.core.$ZodType } };
  return def.innerType ? unwrapped(def.innerType) : schema;
}

/** All problems zod finds, with dotted paths and words for people. */
function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: unknownKey(key, path) }));
    return [{ path, message: issue.message.replace(/^Invalid (input|option): /, '') }];
  });
}

/** A file's values with null keys dropped (they mean the default), or its problems. `at` says where a path stands in it. */
function parseFile(name: string, text: string): { values: Tree; at(path: string): string; problems: Problem[] } {
  const lines = new LineCounter();
  const where = (offset: number | undefined) =>
    offset === undefined ? name : `${name} line ${lines.linePos(offset).line}`;
  if (text.length > CONFIG_LENGTH_MAX)
    return {
      values: {},
      at: () => name,
      problems: [{ path: '', message: `is longer than ${CONFIG_LENGTH_MAX} characters (${name})` }],
    };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    return {
      values: {},
      at: () => name,
      problems: broken.map(({ code, message, pos }) => {
        const words = code === 'MULTIPLE_DOCS' ? 'holds more than one document' : message;
        return { path: '', message: `${words} (${where(pos[0])})` };
      }),
    };
  const at = (path: string): string => {
    const parts = path.split('.');
    for (let count = parts.length; count > 0; count--) {
      const node: unknown = document.getIn(parts.slice(0, count), true);
      if (isTree(node) && Array.isArray(node['range'])) return where(Number(node['range'][0]));
    }
    return name;
  };
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch (error) {
    return { values: {}, at, problems: [{ path: '', message: `${(error as Error).message} (${name})` }] };
  }
  if (!isTree(values))
    return { values: {}, at, problems: [{ path: '', message: `is not a mapping of keys to values (${name})` }] };
  return { values: withoutNulls(values), at, problems: [] };
}

function withoutNulls(tree: Tree): Tree {
  const kept = Object.entries(tree).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, isTree(value) ? withoutNulls(value) : value]));
}

/** Reads one file on its own: its problems, and its values when it has none. */
function checkedFile(name: string, text: string | null): { values: Tree; problems: Problem[] } {
  if (text === null) return { values: {}, problems: [] };
  const file = parseFile(name, text);
  if (file.problems.length > 0) return file;
  const parsed = configSchema.safeParse(file.values);
  const problems = parsed.success ? [] : problemsOf(parsed.error);
  return {
    values: file.values,
    problems: problems.map((problem) => ({
      path: problem.path,
      message: `${problem.message} (${file.at(problem.path)})`,
    })),
  };
}

/** The value of an environment variable in the type its key wants; a text that is none stays text, to be complained of. */
function fromEnv(entry: ConfigKey, text: string): unknown {
  if (/^(notify\.|checks$|speculation\.(lanes|parallel)$)/.test(entry.key)) return fromJson(text);
  if (typeof entry.fallback === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return typeof entry.fallback === 'number' && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The value a tree of file contents has under a dotted key; undefined when the file does not say. */
function fileValue(tree: Tree, key: string): unknown {
  let value: unknown = tree;
  for (const part of key.split('.')) value = isTree(value) ? value[part] : undefined;
  return value;
}

/**
 * The effective configuration: environment over file over default, `integration` and `cleanup` from
 * main's own file where main has one.
 * Thrown: CONFIG_INVALID (2) with every problem of both files and the environment.
 */
export function readConfig(texts: ConfigTexts): ConfigReading {
  const mainFile = `main's ${CONFIG_FILE}`;
  const workTree = checkedFile(CONFIG_FILE, texts.workTree);
  // The same text twice is the usual case: its problems are told once.
  const main = texts.main === texts.workTree ? { ...workTree, problems: [] } : checkedFile(mainFile, texts.main);
  const problems = [...workTree.problems, ...main.problems];
  const sources = new Map<string, string>();
  const merged: Tree = { lease: {}, integration: {}, speculation: {}, web: {}, notify: {}, cleanup: {} };
  const broken = problems.length > 0;
  for (const entry of CONFIG_KEYS) {
    const { key } = entry;
    const ofMain = OF_MAIN.test(key) && texts.main !== null;
    const inFile = broken ? undefined : fileValue(ofMain ? main.values : workTree.values, key);
    const text = texts.env[entry.env];
    const value = text ? fromEnv(entry, text) : inFile;
    sources.set(key, text ? entry.env : inFile === undefined ? 'default' : ofMain ? mainFile : CONFIG_FILE);
    if (value === undefined) continue;
    const [section, name] = key.includes('.') ? key.split('.') : ['', key];
    const target = section ? (merged[section] as Tree) : merged;
    target[name ?? key] = value;
  }
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success)
    for (const problem of problemsOf(parsed.error))
      problems.push({ ...problem, message: `${problem.message} (${sources.get(problem.path) ?? 'environment'})` });
  if (problems.length > 0 || !parsed.success) throw invalid(problems);
  const fields = parsed.data;
  return {
    config: toConfig(fields),
    rows: CONFIG_KEYS.map(({ key }) => {
      return { key, value: shown(valueAt(fields, key)), source: sources.get(key) ?? 'default' };
    }),
  };
}

/** A value without what is a secret by its form. */
function shown(value: ConfigValue): ConfigValue {
  if (typeof value === 'string') return maskUrls(value);
  if (typeof value !== 'object' || value === null) return value;
  return JSON.parse(JSON.stringify(value), (_, part) => (typeof part === 'string' ? maskSecrets(part) : part));
}

function invalid(problems: Problem[]): TelecError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new TelecError('CONFIG_INVALID', EXIT.usage, `the configuration has ${count}`, {
    hint: 'mend what is listed; `telec config schema` says what each key may be',
    problems: problems.map((problem) => ({ ...problem, message: maskUrls(problem.message) })),
  });
}

function toConfig(fields: ConfigFields): Config {
  const { lease, integration, guards, checks, speculation, web, notify, cleanup } = fields;
  return {
    remote: fields.remote,
    main: fields.main,
    repoId: fields.repo_id,
    redis: fields.redis,
    lease: { ttlMs: lease.ttl_ms, renewMs: lease.renew_ms },
    integration: {
      strategy: integration.strategy,
      graceMs: integration.grace_ms,
      probeMs: integration.probe_ms,
      pushAttempts: integration.push_attempts,
      pushBatch: integration.push_batch,
      parityMin: integration.parity_min,
      radar: integration.radar,
      author: integration.author,
      afterDelivery: integration.after_delivery,
    },
    guards,
    checks: toChecks(checks),
    speculation,
    web,
    notify,
    cleanup: {
      worktree: cleanup.worktree,
      localBranch: cleanup.local_branch,
      remoteBranch: cleanup.remote_branch,
      todo: cleanup.todo,
    },
  };
}

/** Hex SHA-256 of what decides how candidates land; equal in all clones that integrate alike. */
export function configDigest(config: Config): string {
  const { main, checks, speculation } = config;
  // What runs afterwards or is only told, and what a cutover asks for, changes nothing about how a candidate lands.
  const { afterDelivery: _, parityMin: __, radar: ___, ...integration } = config.integration;
  const said = [main, checks, speculation, ...Object.entries(integration).sort(([a], [b]) => (a < b ? -1 : 1))];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

/** JSON Schema (2020-12) of `telec.yaml`. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: CONFIG_FILE, ...z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) };
}

/** What `telec init` writes: every key at its default, said in comments, so that a newer default takes effect. */
export function configTemplate(): string {
  const lines = ['# telec: all keys are optional; what is commented out is the default.'];
  let section = '';
  for (const { key, fallback, meaning } of CONFIG_KEYS) {
    const [group, name] = key.includes('.') ? key.split('.') : ['', key];
    if (group && group !== section) lines.push(`# ${group}:`);
    section = group ?? '';
    const isPlain = typeof fallback === 'string' ? /^[a-z]*$/.test(fallback) : !Array.isArray(fallback);
    const text = isPlain ? String(fallback) : JSON.stringify(fallback);
    lines.push(`# ${group ? '  ' : ''}${name}: ${text}  # ${meaning}`);
  }
  return `${lines.join('\n')}\n`;
}
