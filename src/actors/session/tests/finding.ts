/**
 * What is told of a delivery that did not pass its checks: the evidence, what may be the cause, and one line that shows it
 * again in anybody's clone. Pure.
 */
import { quoted } from '../../../io/git/housekeeping.ts';
import type { Finding } from '../block.ts';
import type { CheckFailure } from './bed.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** How the run ended, as one phrase behind the name of the check. */
export function endOf({ definition, end }: Pick<CheckFailure, 'definition' | 'end'>): string {
  const after = `after ${seconds(end.durationMs)}`;
  switch (end.ended) {
    case 'timed_out':
      return `ran longer than ${seconds(definition.timeoutMs)} and was ended`;
    case 'killed':
      return `was ended by ${end.signal ?? 'a signal'} ${after}`;
    case 'not_started':
      return 'could not be started';
    default:
      return end.exitStatus === null ? `failed ${after}` : `failed with status ${end.exitStatus} ${after}`;
  }
}

export function checkFinding(failure: CheckFailure, host: string): Finding {
  const { subject, definition, end, runs } = failure;
  const { candidate, base, tree, company } = subject;
  const { slug, branch } = candidate;
  const isOfMachine = end.ended === 'killed' || end.ended === 'not_started';
  const diagnostics = [`the merge into ${base} is clean; check ${definition.name} does not pass on its tree ${tree}`];
  if (runs > 1) diagnostics.push(`it was tried ${runs} times`);
  if (isOfMachine)
    diagnostics.push('telec did not end it: that says something of the machine rather than of the branch');
  if (definition.paths) diagnostics.push(`the command saw only ${definition.paths.join(', ')}`);
  if (company.length > 0) diagnostics.push(`tested together with ${company.join(', ')}`);
  diagnostics.push(end.log === '' ? `no output was kept on ${host}` : `all its output: ${end.log} on ${host}`);
  return {
    kind: 'checks',
    base,
    evidence: [`check ${definition.name} ${endOf(failure)}`, `tree ${tree}`, `base ${base}`],
    diagnostics,
    nextAction: isOfMachine
      ? `look at ${host}, then telec resume ${slug}`
      : `mend ${branch} so that ${definition.name} passes on main, push, then telec submit ${quoted(branch)} --slug ${slug}`,
    check: definition.name,
    output: end.outputTail,
    reproduce: reproduction(failure),
  };
}

/** Puts the tree of the merge into a work tree of its own, so that nothing of the caller's is touched, and runs it there. */
function reproduction({ subject: { base, candidate }, definition }: CheckFailure): string {
  const run = definition.run.trim();
  // One line, whatever the command: a script of several is carried by printf.
  const command = /[\n\r]/.test(run) ? `sh -c "$(printf %b ${inQuotes(escaped(run))})"` : `sh -c ${inQuotes(run)}`;
  return [
    'd=$(mktemp -d)',
    `git worktree add --quiet --detach --no-checkout "$d" ${base}`,
    'cd "$d"',
    `git read-tree -u --reset "$(git merge-tree --write-tree ${base} ${candidate.sha})"`,
    command,
  ].join(' && ');
}

const inQuotes = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const escaped = (text: string): string =>
  text.replaceAll('\\', '\\0134').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
