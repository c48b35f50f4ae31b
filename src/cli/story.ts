/** The demo's story as lines people read while it runs, and what it says in the end. Pure: a beat in, text out. */
import { basename } from 'node:path';
import type { Beat, DemoView } from '../actors/demo/story.ts';
import { span, TONES } from './messages.ts';
import { type Paint, plain, table } from './output.ts';

const WHO_WIDTH = 18;
const INDENT = ' '.repeat(8 + WHO_WIDTH);

/** One line: seconds, who or which candidate, what. */
function line(at: number, who: string, what: string, paint: Paint): string {
  const seconds = `${(at / 1000).toFixed(1)} s`.padStart(6);
  return `${paint('dim', seconds)}  ${plain(who, WHO_WIDTH).padEnd(WHO_WIDTH)}${what}`;
}

/** One beat of the story, without the last line end. */
export function beatText(beat: Beat, at: number, paint: Paint): string {
  switch (beat.kind) {
    case 'scratch': {
      const made = `a bare remote, ${beat.clones} clones, ${beat.worktrees} more worktrees, a Redis of its own`;
      return `${paint('strong', 'A bakery has a web shop, and four people change it at the same time.')}\n${paint('dim', `${plain(beat.folder)}: ${made}`)}`;
    }
    case 'act':
      return `\n${paint('strong', beat.title)}\n${paint('dim', beat.about)}\n`;
    case 'did': {
      const tone = beat.tone === 'plain' ? null : beat.tone;
      return line(at, beat.who, tone ? paint(tone, plain(beat.what, 300)) : plain(beat.what, 300), paint);
    }
    case 'state': {
      const to = paint(TONES[beat.to], beat.to);
      const note = beat.note ? `  ${paint('dim', plain(beat.note, 300))}` : '';
      return line(at, beat.label, `${beat.from ? `${beat.from} -> ` : ''}${to}${note}`, paint);
    }
    case 'queue': {
      const places = beat.labels.map((label, index) => `${index + 1} ${plain(label, 60)}`).join('  ');
      const hold = beat.onHold ? paint('warn', '  (on hold)') : '';
      return line(at, 'queue', `${places || 'empty'}${hold}`, paint);
    }
    case 'main': {
      const move = `${beat.from.slice(0, 7)} -> ${beat.to.slice(0, 7)}`;
      const brought = `+ ${beat.deliveries.map((label) => plain(label, 60)).join(', ')}`;
      return line(at, 'main', `${paint('good', move)}  ${brought}`, paint);
    }
    case 'evidence':
      return beat.lines.map((text) => `${INDENT}${paint('dim', plain(text, 400))}`).join('\n');
    case 'trouble':
      return line(at, 'trouble', paint('bad', plain(beat.text)), paint);
  }
}

/** The table, the history of main, the verdict, and what to try next. */
export function demoText(view: DemoView, entry: string, paint: Paint): string {
  const rows = table(
    ['CANDIDATE', 'BRANCH', 'EXPECTED', 'ACTUAL', 'WHAT IT SHOWS'],
    view.candidates.map(({ slug, branch, sha, expected, actual, how }) => [
      `${slug}@${sha.slice(0, 7)}`,
      branch,
      expected,
      { text: actual, tone: actual === expected ? 'good' : 'bad' },
      how,
    ]),
    paint,
  );
  const graph = view.graph.map((text) => plain(text, 200)).join('\n');
  const problems = view.problems.map((text) => paint('bad', `wrong: ${plain(text)}`));
  return [
    '',
    rows,
    '',
    paint('strong', 'main, as the remote has it'),
    graph,
    '',
    ...problems,
    verdict(view, paint),
    '',
    nextSteps(view, entry, paint),
  ].join('\n');
}

function verdict({ ok, candidates, duration_ms, kept }: DemoView, paint: Paint): string {
  const right = candidates.filter(({ expected, actual }) => expected === actual).length;
  const said = `${right} of ${candidates.length} outcomes as expected, in ${span(duration_ms)}`;
  const left = kept ? '' : '; nothing is left running or on disk';
  return ok ? paint('good', `${said}${left}`) : paint('bad', `${said}: not as it should be${left}`);
}

function nextSteps({ ok, kept }: DemoView, entry: string, paint: Paint): string {
  // Linked on PATH the program is `telec`; from a checkout it is a file of it.
  const alias = basename(entry) === 'telec' ? [] : [`  alias telec='node ${plain(entry)}'`];
  const command = (what: string, about: string) => `  telec ${what.padEnd(22)}${paint('dim', about)}`;
  if (kept) {
    return [
      paint('strong', 'Look around:'),
      `  cd ${plain(kept.clone)}`,
      `  export TELEC_HOME=${plain(kept.state)}`,
      ...alias,
      command('candidates', 'all of them, with their states'),
      command('candidate discount', 'the newest commit of one, with its history'),
      command('events tail', 'the log, from its first entry'),
      command('replay', 'the same states, folded from the log once more'),
      paint('strong', 'And when you are done:'),
      '  telec down --redis',
      `  cd / && rm -rf ${plain(kept.folder)}`,
    ].join('\n');
  }
  if (!ok) {
    return [paint('strong', 'To see what came of it:'), ...alias, command('demo --keep', 'leaves it all there')].join(
      '\n',
    );
  }
  return [
    paint('strong', 'Next, in a clone of yours:'),
    ...alias,
    command('init', 'once for each repository'),
    command('up', 'the daemon: drains the queue from now on'),
    command('submit --wait', 'on a branch with your commits: push, queue, see it land'),
    command('demo --keep', 'or look around in the demo first'),
  ].join('\n');
}
