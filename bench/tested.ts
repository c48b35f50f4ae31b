/**
 * One drain whose deliveries are tested before they land: the real session, and a check that takes a known time and fails
 * wherever the tree holds a file `broken-*`. Measures by what the log says, and by when each run of the check itself ended.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvelopeView } from '../src/actors/event-views.ts';
import { shortType } from '../src/machines/events/catalogue.ts';
import type { Integration } from './drain.ts';
import type { Candidate } from './generated.ts';

export interface TestedSetting {
  window: number;
  batch: number;
  /** How long the check takes, ms. */
  checkMs: number;
}

/** How one candidate ended. */
export interface TestedEnd {
  slug: string;
  landed: boolean;
  /** From the start of the session, at which all were ready, to the entry of its end, ms. */
  turnaroundMs: number;
  /** Of that, what passed after the last check that it waited for had ended: its own, or of one before it, ms. */
  overheadMs: number;
}

export interface Tested {
  /** In the order of the queue. */
  ends: TestedEnd[];
  /** From the start of the session to the last end, ms. */
  makespanMs: number;
  /** Runs of the check that were begun. */
  runs: number;
}

/** One drain with the setting that it went under. */
export interface TestedRun {
  name: string;
  window: number;
  batch: number;
  tested: Tested;
}

interface Terminal {
  atMs: number;
  tree: string;
  landed: boolean;
}

/** Makes all candidates ready at once and lets one session deliver those that pass. */
export async function testedDrain(
  integration: Integration,
  candidates: readonly Candidate[],
  setting: TestedSetting,
): Promise<Tested> {
  const after = await integration.lastId();
  const marks = join(integration.folder, `marks-${after}`);
  mkdirSync(marks);
  await integration.announce(candidates);
  const beganMs = Date.now();
  await integration.run(candidates.length, configuration(setting, marks));
  return measured(await integration.entries(after), candidates, { beganMs, marks });
}

/** The check leaves an empty file of the tree's name where it ends, so its last change is the end of the command. */
function configuration({ window, batch, checkMs }: TestedSetting, marks: string): string {
  const fails = 'for f in broken-*; do test -e "$f" && ended=1; done';
  const run = `ended=0; sleep ${checkMs / 1000}; ${fails}; : > '${marks}'/"$TELEC_TREE"; exit $ended`;
  return JSON.stringify({
    checks: [{ name: 'unit', run }],
    // Sleeping takes no core: as many at a time as the window has places.
    speculation: { window, batch, parallel: window },
  });
}

function measured(
  entries: readonly EnvelopeView[],
  candidates: readonly Candidate[],
  { beganMs, marks }: { beganMs: number; marks: string },
): Tested {
  const terminals = terminalsOf(entries);
  const ends: TestedEnd[] = [];
  /** When the last check ended that stood before the candidate, ms since the epoch. */
  let freeMs = 0;
  for (const { slug } of candidates) {
    const terminal = terminals.get(slug);
    if (!terminal) throw new Error(`${slug} has no end in the log`);
    const { atMs, tree, landed } = terminal;
    freeMs = Math.max(freeMs, statSync(join(marks, tree), { throwIfNoEntry: landed })?.mtimeMs ?? 0);
    ends.push({ slug, landed, turnaroundMs: atMs - beganMs, overheadMs: atMs - freeMs });
  }
  return {
    ends,
    makespanMs: Math.max(...ends.map(({ turnaroundMs }) => turnaroundMs)),
    runs: entries.filter(({ event }) => shortType(event) === 'integration.checks.started').length,
  };
}

/** The end of each slug, with the tree on which its check had its say. */
function terminalsOf(entries: readonly EnvelopeView[]): Map<string, Terminal> {
  const failedOn = new Map<string, string>();
  const terminals = new Map<string, Terminal>();
  for (const { event, payload, timestamp } of entries) {
    const type = shortType(event);
    const slug = String(payload['slug']);
    const atMs = Date.parse(timestamp);
    if (type === 'integration.checks.failed') failedOn.set(slug, String(payload['tree']));
    if (type === 'deployment.failed') terminals.set(slug, { atMs, tree: failedOn.get(slug) ?? '', landed: false });
    if (type === 'deployment.completed') {
      const { checks } = payload['receipt'] as { checks: { tree: string }[] };
      const [check] = checks;
      if (!check) throw new Error(`${slug} landed without a test`);
      terminals.set(slug, { atMs, tree: check.tree, landed: true });
    }
  }
  return terminals;
}

export const landedOf = ({ ends }: Tested): TestedEnd[] => ends.filter(({ landed }) => landed);

/** Deliveries that landed a minute, from the start of the session to its last end. */
export const perMinute = (run: Tested): number => (landedOf(run).length * 60_000) / run.makespanMs;

/** Mean time from ready to on main, s. */
export function meanTurnaround(run: Tested): number {
  const landed = landedOf(run);
  return landed.reduce((sum, { turnaroundMs }) => sum + turnaroundMs, 0) / landed.length / 1000;
}
