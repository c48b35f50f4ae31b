/** Scenes for the terminal view: rows, notifications and whole overviews as the desk gives them, few or very many. */

import { examples } from '../../scripts/examples.ts';
import { overview as example } from '../../scripts/live-examples.ts';
import type { CandidateState, EnvelopeView, NotificationRow, StatusView } from '../../src/actors/client.ts';
import type { CandidateRow, LiveChange, LiveDesk, LiveMessage, Overview } from '../../src/actors/live/views.ts';
import { linkOf } from '../../src/machines/links.ts';
import { candidateMeaning } from '../../src/machines/meaning.ts';
import { unseenOf } from '../../src/machines/notification-order.ts';

const PREFIX = 'domain.software-development.';
/** The clock of the log in all scenes. */
export const NOW = '2026-01-01T10:01:05.000Z';

const like = example.candidates[0] as CandidateRow;

const shaOf = (slug: string) =>
  [...slug]
    .reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7)
    .toString(16)
    .padStart(8, '0')
    .repeat(5);

const WAITS: Record<CandidateState, string> = {
  pending: 'the newest review round is no approval',
  ready: 'its turn in the queue',
  integrating: 'Makes the merge in the object database, and checks it by other means.',
  completed: '',
  blocked: 'merge main into it, resolve, push, then telec submit',
  superseded: '',
};

/** A candidate in a state, as the desk gives it. */
export function row(slug: string, state: CandidateState, more: Partial<CandidateRow> = {}): CandidateRow {
  const sha = more.sha ?? shaOf(slug);
  const branch = more.branch ?? `feature/${slug}`;
  const text = WAITS[state];
  return {
    ...like,
    slug,
    branch,
    sha,
    key: `${slug}/${branch}@${sha}`,
    state,
    meaning: candidateMeaning(state),
    waiting_for: text === '' ? [] : [{ code: state === 'ready' ? 'queued' : state, text, event: null, who: '' }],
    blocked_kind: state === 'blocked' ? 'conflict' : null,
    next_action: state === 'blocked' ? text : null,
    ...more,
  };
}

export function notice(slug: string, event: string, more: Partial<NotificationRow> = {}): NotificationRow {
  return {
    id: `deployment/${slug}`,
    link: linkOf({ kind: 'notification', id: `deployment/${slug}` }),
    family: 'deployment',
    slug,
    event: `${PREFIX}${event}`,
    level: 2,
    human_status: 'unseen',
    agent_status: 'in_progress',
    text: `${slug} waits for the integrator`,
    created_at: '2026-01-01T10:00:00.000Z',
    updated_at: '2026-01-01T10:00:30.000Z',
    ...more,
  };
}

export function entry(number: number, event: string, payload: Record<string, unknown>): EnvelopeView {
  return { ...examples.envelope, id: `1767261600000-${number}`, event: PREFIX + event, payload };
}

const countsOf = (rows: readonly CandidateRow[]): StatusView['counts'] => {
  const counts = { pending: 0, ready: 0, integrating: 0, completed: 0, blocked: 0, superseded: 0 };
  for (const { state } of rows) counts[state]++;
  return counts;
};

const UNTESTED: StatusView['tests'] = {
  configured: false,
  window: null,
  chain: [],
  running: 0,
  failure_rate: null,
};

/** An overview with these rows, where nothing is tested unless `more.status` says so. */
export function overview(rows: CandidateRow[], more: Partial<Overview> = {}): LiveMessage & { kind: 'overview' } {
  const status: StatusView = { ...example.status, tests: UNTESTED, counts: countsOf(rows), ...more.status };
  const unseen = unseenOf(more.notifications ?? example.notifications);
  return {
    kind: 'overview',
    run: 'run',
    overview: { ...example, now: NOW, candidates: rows, unseen, radar: [], ...more, status },
  };
}

export function change(more: Partial<LiveChange>): LiveChange {
  const { moment } = example;
  const status = { ...example.status, tests: UNTESTED };
  const nothing = {
    candidates: [],
    deliveries: [],
    notifications: [],
    unseen: example.unseen,
    radar: null,
    recent: [],
    recent_omitted: 0,
  };
  return { kind: 'change', moment, now: NOW, status, ...nothing, ...more };
}

/** A desk whose followers are told by `tell` and ended with `fail`. */
export class StagedDesk implements Pick<LiveDesk, 'follow'> {
  #queue: (LiveMessage | Error)[] = [];
  #wake: () => void = () => undefined;

  tell(...messages: (LiveMessage | Error)[]): void {
    this.#queue.push(...messages);
    this.#wake();
  }

  async *follow(signal: AbortSignal): AsyncGenerator<LiveMessage> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const next = this.#queue.shift();
      if (next instanceof Error) throw next;
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (signal.aborted) resolve();
        });
    }
  }
}
