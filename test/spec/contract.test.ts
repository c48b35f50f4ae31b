/**
 * The contract against the program: docs/spec/contract.json is the machine-readable part of the specification, kept by
 * hand, and every line of it is compared with what the program does. When they differ, one of them is wrong.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Pipeline } from '../../src/actors/pipeline.ts';
import { OUTCOME_STATUS } from '../../src/cli/commands/integrate.ts';
import { EXIT } from '../../src/errors.ts';
import { type Config, readConfig } from '../../src/io/config.ts';
import { repositoryKeys } from '../../src/io/redis/keys.ts';
import { AHEAD_MAX_MS } from '../../src/io/redis/log.ts';
import { CANDIDATE_STATES, candidateMachine } from '../../src/machines/candidate.ts';
import { diagramOf } from '../../src/machines/diagram.ts';
import {
  ALARM_CODES,
  buildDefaultCatalogue,
  catalogueRow,
  ENVELOPE_BYTES_MAX,
  type EventType,
  envelopeSchema,
  LEVEL,
  PREFIX,
  shortType,
} from '../../src/machines/events.ts';
import { candidateKey, SHA_PATTERN, SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../src/machines/identity.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { leaseMachine } from '../../src/machines/lease.ts';
import { compareQueue, compareRank, type Placed } from '../../src/machines/queue.ts';
import { REASON_ENDS, type ReadinessInput, readinessReasons } from '../../src/machines/readiness.ts';
import { SHA_A, SHA_B } from '../support/sample-payloads.ts';

const page = readFileSync(new URL('../../docs/spec/integration-orchestrator.md', import.meta.url), 'utf8');
const contract = JSON.parse(readFileSync(new URL('../../docs/spec/contract.json', import.meta.url), 'utf8'));
const readText = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const config: Config = readConfig({ main: null, workTree: null, env: {} }).config;

describe('S1-C3 S4-C2 the contract says what the program does', () => {
  const schemas = buildDefaultCatalogue().list();

  test('S1-C3 S4-C2 S4-Sc1 the events: names, levels, emitters, fields, keys and life cycles', () => {
    const spoken = Object.fromEntries(
      schemas.map((schema) => {
        const { fields, lifecycle } = catalogueRow(schema);
        const level = Object.entries(LEVEL).find(([, value]) => value === schema.level)?.[0];
        const does = lifecycle?.resolves ? 'resolves' : lifecycle?.updates ? 'updates' : 'creates';
        const entry = {
          ...(schema.canonicalName === null ? {} : { canonical_name: schema.canonicalName }),
          level,
          emitter: schema.emitter,
          fenced: schema.fenced,
          actionable: schema.actionable,
          required: fields.filter(({ required }) => required).map(({ name }) => name),
          optional: fields.filter(({ required }) => !required).map(({ name }) => name),
          idempotency: [...schema.idempotencyFields],
          ...(schema.idempotencyVariant ? { idempotency_variant: schema.idempotencyVariant } : {}),
          lifecycle: lifecycle && {
            family: lifecycle.family,
            does,
            group: lifecycle.group_key,
            meaningful: lifecycle.meaningful_fields,
            ...(schema.lifecycle?.agentStatus ? { agent: schema.lifecycle.agentStatus } : {}),
            ...(schema.lifecycle?.settledWithout ? { settled_without: schema.lifecycle.settledWithout } : {}),
          },
          moves: schema.moves,
        };
        return [shortType(schema.type), entry];
      }),
    );
    expect(spoken).toEqual(contract.events);
    expect(contract.identity.event_prefix).toBe(PREFIX);
  });

  test('S3-Obj the envelope: its fields, levels and limits', () => {
    const fields = Object.entries(envelopeSchema.shape);
    expect(fields.filter(([, field]) => !field.safeParse(undefined).success).map(([name]) => name)).toEqual(
      contract.envelope.required,
    );
    expect(fields.filter(([, field]) => field.safeParse(undefined).success).map(([name]) => name)).toEqual(
      contract.envelope.optional,
    );
    expect(LEVEL).toEqual(contract.envelope.levels);
    expect(ENVELOPE_BYTES_MAX).toBe(contract.envelope.bytes_max);
    expect(AHEAD_MAX_MS).toBe(contract.envelope.ahead_ms_max);
  });

  test('names and ids', () => {
    expect(SLUG_PATTERN.source).toBe(contract.identity.slug);
    expect(SLUG_LENGTH_MAX).toBe(contract.identity.slug_length_max);
    expect(SHA_PATTERN.source).toBe(contract.identity.sha);
    const triple = { slug: 'a', branch: 'b/c', sha: SHA_A };
    const key = contract.identity.candidate_key
      .replace('<slug>', triple.slug)
      .replace('<branch>', triple.branch)
      .replace('<sha>', triple.sha);
    expect(candidateKey(triple)).toBe(key);
    const repoId = new RegExp(contract.identity.repo_id);
    for (const id of ['a', 'a.b_c-1', 'A', '', 'x'.repeat(65), 'a/b']) {
      const takes = () => repositoryKeys(id);
      if (repoId.test(id)) expect(takes).not.toThrow();
      else expect(takes).toThrow();
    }
    expect(readText('src/actors/integrator.ts')).toContain(
      contract.identity.session_id.replace('<ulid>', ['$', '{ids.ulid()}'].join('')),
    );
  });

  test('the conditions of readiness: their codes, their order, and what ends each', () => {
    const bare: ReadinessInput = { sha: SHA_A, review: null, pushed: false, facts: null };
    const approved = { round: 1, verdict: 'approved', sha: SHA_B } as const;
    const facts = { reachable: false, integrated: true, undelivered: ['other'] };
    const seen = [
      bare,
      { ...bare, review: approved },
      { ...bare, pushed: true },
      { ...bare, pushed: true, facts },
      { ...bare, review: approved, pushed: true, facts },
    ].map((input) => readinessReasons(input).map(({ code }) => code));
    const order: string[] = contract.readiness.map(({ code }: { code: string }) => code);
    for (const codes of seen) expect(codes).toEqual([...codes].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
    expect([...new Set(seen.flat())].sort()).toEqual([...order].sort());
    const ends = [...contract.readiness, contract.without_candidate];
    expect(Object.fromEntries(Object.entries(REASON_ENDS).map(([code, { event }]) => [code, event]))).toEqual(
      Object.fromEntries(ends.map(({ code, ends_by }) => [code, ends_by])),
    );
    for (const { who } of Object.values(REASON_ENDS)) expect(who).not.toBe('');
  });

  test.each([
    ['queue', compareQueue, 'queue_order'],
    ['rank', compareRank, 'rank_order'],
  ] as const)('the order of the %s', (_, compare, name) => {
    const low: Placed = { slug: 'a', branch: 'a', sha: SHA_A, readyAtMs: 1 };
    const high = { slug: 'b', branch: 'b', sha: SHA_B, readyAtMs: 2 };
    const fields = { ready_at: 'readyAtMs', slug: 'slug', branch: 'branch', sha: 'sha' } as const;
    const order: (keyof typeof fields)[] = contract[name];
    for (const [index, field] of order.entries()) {
      const later = { ...low, [fields[field]]: high[fields[field]] };
      // Decided by this field although every later one says the opposite.
      const opposed = { ...low };
      for (const rest of order.slice(index + 1)) Object.assign(opposed, { [fields[rest]]: high[fields[rest]] });
      expect(compare(later, opposed), field).toBeGreaterThan(0);
    }
    const others = (Object.keys(fields) as (keyof typeof fields)[]).filter((field) => !order.includes(field));
    for (const field of others) expect(compare({ ...low, [fields[field]]: high[fields[field]] }, low)).toBe(0);
  });

  test('Card-S1 Spec-5 the candidate: its states and every transition', () => {
    const { nodes, edges } = diagramOf(candidateMachine);
    expect(CANDIDATE_STATES).toEqual(contract.candidate.states);
    expect(nodes.filter(({ type }) => type === 'final').map(({ id }) => id)).toEqual(contract.candidate.final);
    const moves = edges
      .filter(({ internal }) => !internal)
      .map(({ from, to, cause, event, guard }) => ({
        from: from === '' ? '*' : from,
        to,
        cause: cause === 'always' ? 'always' : event,
        guard,
      }));
    const sorted = (list: unknown[]) => list.map((each) => JSON.stringify(each)).sort();
    expect(sorted(moves)).toEqual(sorted(contract.candidate.transitions));
  });

  test('Card-S2 the session: its states, its effects and how it ends', () => {
    const { nodes } = diagramOf(integratorMachine);
    const inner = nodes.filter(({ id }) => id !== '');
    expect(inner.filter(({ parent }) => parent === '').map(({ id }) => id)).toEqual(contract.session.states);
    expect(inner.filter(({ parent }) => parent === 'draining').map(({ id }) => id.slice('draining.'.length))).toEqual(
      contract.session.draining,
    );
    expect(Object.fromEntries(inner.flatMap(({ id, invokes }) => invokes.map((effect) => [id, effect])))).toEqual(
      contract.session.effects,
    );
    // A refused session has no outcome to print: the command fails with the code of the refusal.
    const { refused, ...printed } = contract.session.outcomes;
    expect(Object.fromEntries(Object.entries(OUTCOME_STATUS).map(([name, { exit }]) => [name, exit]))).toEqual(printed);
    expect(refused).toBe(EXIT.refused);
  });

  test('Spec-1 Spec-2 the lease: its key, its fields and its times', () => {
    const { lease } = contract;
    expect(repositoryKeys('app').lease).toContain(lease.key);
    expect(
      diagramOf(leaseMachine)
        .nodes.map(({ id }) => id)
        .filter((id) => id !== ''),
    ).toEqual(lease.states);
    expect(config.lease).toEqual({ ttlMs: lease.ttl_ms, renewMs: lease.renew_ms });
    const fields = [...readText('src/io/redis/lease.ts').matchAll(/^ {2}(\w+): (?:string|number);$/gm)].map(
      ([, name]) => (name ?? '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
    expect(fields).toEqual(lease.fields);
    const takes = (text: string) => () => readConfig({ main: null, workTree: text, env: {} });
    const yaml = (ttl: number, renew: number) => `lease: {ttl_ms: ${ttl}, renew_ms: ${renew}}`;
    expect(takes(yaml(lease.ttl_ms_min, lease.renew_ms_min))).not.toThrow();
    expect(takes(yaml(lease.ttl_ms_min - 1, lease.renew_ms_min))).toThrow();
    expect(takes(yaml(lease.ttl_ms_min, lease.renew_ms_min - 1))).toThrow();
    expect(takes(yaml(lease.renewals_per_ttl_min * 1000, 1000))).not.toThrow();
    expect(takes(yaml(lease.renewals_per_ttl_min * 1000 - 1, 1000))).toThrow();
  });

  test('the times and limits of a session', () => {
    const { graceMs, probeMs, pushAttempts, pushBatch } = config.integration;
    expect({ grace_ms: graceMs, probe_ms: probeMs, push_attempts: pushAttempts, push_batch: pushBatch }).toEqual(
      contract.times,
    );
  });

  test('S3-3.1f the closed lists: blocked kinds, causes of a requeue, alarms, exit statuses, cartridges', async () => {
    expect(choices('deployment.failed', 'kind')).toEqual(contract.blocked_kinds);
    expect(choices('integration.candidate.requeued', 'after')).toEqual(contract.requeue_causes);
    expect(ALARM_CODES).toEqual(contract.alarms);
    expect(EXIT).toEqual(contract.exit);
    expect(await cartridgeNames()).toEqual(contract.cartridges);
  });

  test('the fence: its ref and its trailers', () => {
    for (const path of ['classify', 'peek', 'remote'])
      expect(readText(`src/io/git/${path}.ts`)).toContain(`FENCE_REF = '${contract.fence.ref}'`);
    const source = readText('src/io/git/fence.ts');
    for (const trailer of [...contract.fence.trailers, ...contract.fence.permit_trailers])
      expect(source).toContain(`'${trailer}'`);
    expect(source.match(/'Telec-[A-Z]\w+'/g)?.map((quoted) => quoted.slice(1, -1))).toEqual(
      expect.arrayContaining(contract.fence.trailers),
    );
    for (const trailer of contract.merge_trailers)
      expect(readText('src/actors/session/merge.ts')).toContain(`${trailer}: `);
  });

  test('every name of the machine-readable part is spoken of on the page', () => {
    const names = [
      ...Object.keys(contract.events),
      ...contract.readiness.map(({ code }: { code: string }) => code),
      ...contract.candidate.states,
      ...contract.session.states,
      ...contract.session.draining,
      ...Object.keys(contract.session.outcomes),
      ...contract.lease.fields,
      ...contract.blocked_kinds,
      ...contract.requeue_causes,
      ...contract.alarms,
      ...contract.fence.trailers,
      ...contract.fence.permit_trailers,
      ...contract.cartridges,
    ];
    expect(names.filter((name: string) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

/** The values a payload field may have. */
function choices(type: EventType, field: string): unknown {
  const payload = buildDefaultCatalogue().get(type)?.payload;
  const { shape } = payload as unknown as { shape: Record<string, { options: unknown }> };
  return shape[field]?.options;
}

/** The names under which a fresh pipeline records positions, in the order of its cartridges. */
async function cartridgeNames(): Promise<string[]> {
  const positions: Record<string, string> = {};
  const report = (name: string, _id: string, error: unknown) => {
    throw new Error(`${name} failed`, { cause: error });
  };
  const nobodys = { id: '1-0', envelope: {}, schema: null, domain: null, annotations: new Map() };
  await new Pipeline({ positions, report }).run(nobodys as never, { appliedId: '0' } as never);
  return Object.keys(positions);
}
