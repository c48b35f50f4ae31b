/**
 * The ledger of parity as people and programs read it: what the log says since the comparison began, beside what the
 * fold counts. Begins it anew on a person's word. Compares nothing itself; sessions in shadow do.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { fullType, type PayloadOf, readEntry } from '../../machines/events.ts';
import { lookAtRemote, type Opened, privateGit, say } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { compareIds } from '../pipeline.ts';
import type { Repository } from '../repository.ts';
import { isJudgedOn } from '../shadow-record.ts';
import { actorOf } from '../workspace.ts';
import type { ComparedRow, RestartView, ShadowDesk, ShadowReport, UnmergedRow } from './shadow-views.ts';

const PAGE_ENTRIES = 1000;
const COMPARED = fullType('integration.shadow.compared');
const OBSERVED = fullType('integration.shadow.observed');

export function openShadowDesk(parts: { folded(): Promise<Host>; writing(): Promise<Opened> }): ShadowDesk {
  return {
    report: async () => report(await parts.folded()),
    restart: async ({ reason }) => restart(await parts.writing(), reason),
  };
}

async function report(host: Host): Promise<ShadowReport> {
  const { repository } = host;
  const { modes, main, mode } = repository.standing;
  const { shadow, parity } = modes;
  const { compared, unmatched } = shadow === null ? { compared: [], unmatched: [] } : await readLedger(host, shadow.id);
  return {
    mode: mode ?? 'shadow',
    since: shadow && { at: shadow.at, main: shadow.main },
    main,
    counts: {
      compared: parity.compared,
      agreeing: parity.agreeing,
      conflicts: parity.conflicts,
      supersessions: parity.supersessions,
      unmatched: parity.unmatched,
      pushes: parity.pushes,
      lease_overlaps: parity.leaseOverlaps,
      fifo_violations: parity.fifoViolations,
      sessions: parity.sessions,
    },
    compared,
    unmatched,
    unmerged: unmergedRows(repository),
  };
}

/** Reads the log from `since` up to what is folded. */
async function readLedger(host: Host, since: string): Promise<Pick<ShadowReport, 'compared' | 'unmatched'>> {
  const compared: ComparedRow[] = [];
  const unmatched: ShadowReport['unmatched'] = [];
  for (let after = since; ; ) {
    const page = await host.log.read(after, PAGE_ENTRIES);
    for (const { id, fields } of page) {
      if (compareIds(id, host.dispatcher.appliedId) > 0) continue;
      if (fields['event'] !== COMPARED && fields['event'] !== OBSERVED) continue;
      const read = readEntry(host.catalogue, id, fields);
      if (read.kind !== 'event') continue;
      const { event } = read;
      if (event.type === 'integration.shadow.compared') compared.push(comparedRow(event.payload, event.timestamp));
      if (event.type === 'integration.shadow.observed')
        for (const commit of event.payload.unmatched) unmatched.push({ commit, seen_at: event.timestamp });
    }
    after = page.at(-1)?.id ?? after;
    if (page.length < PAGE_ENTRIES) break;
  }
  // One that was told of later may belong to a commit that seemed to bring nothing.
  const matched = new Set(compared.map(({ landed_by }) => landed_by));
  return { compared, unmatched: unmatched.filter(({ commit }) => !matched.has(commit)) };
}

function comparedRow(payload: PayloadOf<'integration.shadow.compared'>, at: string): ComparedRow {
  const { session_id: _session, fence: _fence, attempt: _attempt, ...row } = payload;
  return { ...row, at };
}

function unmergedRows(repository: Repository): UnmergedRow[] {
  const { main } = repository.standing;
  const open = new Set(repository.live());
  return repository
    .all()
    .filter((record) => open.has(record))
    .map((record) => {
      const { slug, branch, sha } = record.context;
      const { verdict = null, base = null, evidence = [] } = record.shadow?.judged ?? {};
      return { slug, branch, sha, state: record.state, verdict, base, evidence, current: isJudgedOn(record, main) };
    });
}

async function restart(opened: Opened, reason: string): Promise<RestartView> {
  const { host, context } = opened;
  if (host.repository.standing.mode === 'live') {
    throw new TelecError(
      'ALREADY_LIVE',
      EXIT.refused,
      'this repository is live: there is no other path to compare with',
      {
        hint: 'telec cutover rollback --reason "..." goes back to shadow',
      },
    );
  }
  const { main } = await lookAtRemote(await privateGit(opened));
  await say(host, 'integration.shadow.started', {
    main_sha: main,
    actor: actorOf(context).source,
    reason,
    command_id: host.ids.ulid(),
  });
  const { shadow } = host.repository.standing.modes;
  return { since: { at: shadow?.at ?? '', main } };
}
