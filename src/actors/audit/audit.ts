/**
 * `telec audit`: every commit of main since the first cutover, against the log. Reads the log, the remote and the
 * private repository; appends nothing, so it works beside a daemon and beside a session.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { IntegrationRepository } from '../../io/git/port.ts';
import type { CommandContext } from '../client.ts';
import { lookAtRemote, notInitialized } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { openWorkspace } from '../workspace.ts';
import { type Explained, explain } from './explain.ts';
import { Ledger, type LedgerSource, readLedger } from './ledger.ts';
import { verifyLine } from './verify.ts';
import type { AuditView } from './views.ts';

/** How often a long audit says how far it is, ms. */
const SAY_MS = 5000;

/** Audits the repository around the command. Thrown: NOT_INITIALIZED (6), REMOTE_UNREACHABLE (3). */
export async function audit(context: CommandContext, host: Host): Promise<AuditView> {
  const { clone, config } = await openWorkspace(context);
  const { clock } = host;
  let said = clock.monotonic();
  return auditMain(host, await host.git(clone, config), {
    signal: context.signal,
    onProgress: (done, all) => {
      if (clock.monotonic() - said < SAY_MS) return;
      said = clock.monotonic();
      context.say(`audited ${done} of ${all} commits`);
    },
  });
}

interface AuditOptions {
  signal?: AbortSignal;
  onProgress?(done: number, all: number): void;
}

/** Audits main as the remote has it now. Thrown: NOT_INITIALIZED (6), NEWER_LOG (6), REMOTE_UNREACHABLE (3). */
export async function auditMain(
  source: LedgerSource,
  git: IntegrationRepository,
  { signal, onProgress }: AuditOptions = {},
): Promise<AuditView> {
  const ledger = new Ledger({ live: false });
  // The log before the remote: what is recorded by then is on main, if all is well.
  const last = await readLedger(source, ledger, '0');
  if (!ledger.begun) throw notInitialized();
  const recorded = [...ledger.deliveries()];
  const main = await mainOf(git);
  // And again behind it: what main has may have been recorded, or announced, a moment later.
  await readLedger(source, ledger, last);
  ledger.expect();
  if (!ledger.cutover) return { from: null, to: main, commits: 0, violations: [], remarks: [] };
  const { from, line } = await lineOf(git, ledger, ledger.cutover.main, main);
  const verified = await verifyLine(git, ledger, line, {
    ...(signal ? { signal } : {}),
    onProgress: (done) => onProgress?.(done, line.length),
  });
  const explained = explain(verified, ledger, { from, line });
  for (const { key, mergeCommit } of recorded) {
    if (!verified.met.has(mergeCommit)) tellMissing(ledger, key, mergeCommit, explained);
  }
  return { from, to: main, commits: line.length, ...explained };
}

function tellMissing(ledger: Ledger, key: string, commit: string, { violations, remarks }: Explained): void {
  const text = `${key} was delivered as ${commit.slice(0, 12)}, which main does not have on its line`;
  const accepted = ledger.acceptedWithout(commit);
  if (!accepted) violations.push({ commit, code: 'out_of_chain', text });
  else remarks.push({ commit, code: 'accepted', text: `accepted by ${accepted.actor} (${accepted.reason}): ${text}` });
}

/** Main on the remote, with its commits in the private repository; null when there is none. */
async function mainOf(git: IntegrationRepository): Promise<string | null> {
  // A session on this machine fetches into the same repository, and main may move between the two questions.
  for (let tries = 1; ; tries += 1) {
    const { main } = await lookAtRemote(git);
    if (main === null || (await git.hasCommit(main))) return main;
    const fetched = await git.fetch([]);
    if (await git.hasCommit(main)) return main;
    if (tries < FETCH_TRIES) continue;
    const detail = fetched.kind === 'fetched' ? 'main keeps moving' : fetched.detail;
    throw new TelecError('REMOTE_UNREACHABLE', EXIT.unreachable, `main cannot be fetched: ${detail}`, {
      hint: 'telec doctor',
      retryable: true,
    });
  }
}

const FETCH_TRIES = 3;

/** Main's own line since the cutover. Where that commit is gone with all who knew it, since the first delivery that is left. */
async function lineOf(
  git: IntegrationRepository,
  ledger: Ledger,
  from: string | null,
  main: string | null,
): Promise<{ from: string | null; line: string[] }> {
  if (main === null) return { from, line: [] };
  if (from === null || (await git.hasCommit(from))) return { from, line: await git.firstParents(from, main) };
  const whole = await git.firstParents(null, main);
  const begin = whole.findIndex((sha) => ledger.delivery(sha) !== undefined);
  return { from: whole[begin - 1] ?? main, line: begin < 0 ? [] : whole.slice(begin) };
}
