import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { completionScript } from '../../src/cli/completion.ts';
import { buildProgram } from '../../src/cli/program.ts';

const program = buildProgram(() => async () => undefined);
const bash = completionScript(program, 'bash');

/** What bash offers after the words, the last of which is being typed. */
function offered(...words: string[]): string[] {
  const script = `${bash}
COMP_WORDS=(telec ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
__telec_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env: {} }).split('\n').filter(Boolean);
}

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('the script for %s is one that shell can read', (shell) => {
    const script = completionScript(program, shell);
    for (const command of program.commands) expect(script).toContain(command.name());
    if (spawnSync(shell, ['-c', 'exit 0']).error) return;
    const read = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    expect(read.stderr).toBe('');
    expect(read.status).toBe(0);
  });

  test('bash offers commands, what stands below them, options and choices', () => {
    expect(offered('can')).toEqual(['candidates', 'candidate']);
    expect(offered('events', '')).toEqual(expect.arrayContaining(['emit', 'tail', 'catalog', 'dead', '--json']));
    expect(offered('events', 'tail', '--f')).toEqual(['--from', '--follow']);
    expect(offered('--json', 'lease', 'b')).toEqual(['break']);
    expect(offered('-C', 'events', 'que')).toEqual(['queue']);
    expect(offered('candidates', '--state', 'b')).toEqual(['blocked']);
    expect(offered('candidates', '--slug', '')).toEqual([]);
    expect(offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
    expect(offered('nope', 'x')).toEqual([]);
  });
});
