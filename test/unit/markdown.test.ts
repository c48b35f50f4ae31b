/** Markdown of work items: nothing hides in code or comments, and nothing shown there counts. */
import { describe, expect, test } from 'vitest';
import { readDemo } from '../../src/io/todos/demo-file.ts';
import { readMarkdown, sectionOf, tasksIn, titleOf } from '../../src/io/todos/markdown.ts';
import { templateOf } from '../../src/io/todos/templates.ts';

const fences = (text: string) =>
  readMarkdown(text).flatMap((part) => (part.kind === 'fence' ? [[part.lang, part.code, part.closed]] : []));
const open = (text: string) =>
  tasksIn(text)
    .filter(({ required, checked }) => required && !checked)
    .map(({ text: words }) => words);

describe('fences', () => {
  test.each<[string, string, unknown[]]>([
    ['of back-quotes', '```bash\na\n```\nb', [['bash', 'a', true]]],
    ['of tildes with words behind the language', '~~~ Bash title="x"\na\n~~~', [['bash', 'a', true]]],
    ['end only at a mark as long as the first', '````sh\n```\na\n```\n````', [['sh', '```\na\n```', true]]],
    ['end only at a mark of the same kind', '```\n~~~\n```', [['', '~~~', true]]],
    ['end not at a mark with words', '```\n``` not\n```', [['', '``` not', true]]],
    ['that never end go to the end of the file', '```bash\na\n# b', [['bash', 'a\n# b', false]]],
    ['in a list lose its indentation', '1. run\n\n   ```bash\n   a\n     b\n   ```', [['bash', 'a\n  b', true]]],
    ['deep in a list are fences too', '- a\n  - b\n\n    ```bash\n    x\n    ```', [['bash', 'x', true]]],
    ['as indented code are none', 'text\n\n    ```bash\n    x\n    ```', []],
    ['with a back-quote in their words are none', '```a`b\nx', []],
    ['in a quote end with it', '> ```bash\n> a\n\n- [ ] b', [['bash', 'a', true]]],
    ['with line ends of Windows', '```bash\r\na\r\n```\r\n', [['bash', 'a', true]]],
  ])('%s', (_what, text, expected) => {
    expect(fences(text)).toEqual(expected);
  });
});

describe('S0-4.1c tasks', () => {
  test.each<[string, string, string[]]>([
    ['are found in every kind of list', '- [ ] a\n* [ ] b\n+ [ ] c\n1. [ ] d\n2) [ ] e', ['a', 'b', 'c', 'd', 'e']],
    ['are done with x or X', '- [x] a\n- [X] b\n- [ ] c', ['c']],
    ['are found below others', '- [x] a\n  - [ ] b\n      - [ ] c', ['b', 'c']],
    ['in code do not count', '```\n- [ ] a\n```\n    - [ ] b\n\n- [ ] c', ['c']],
    ['in a comment do not count', '<!--\n- [ ] a\n-->\n- [ ] b', ['b']],
    ['behind a fence in a quote count', '> ```\n> - [ ] a\n\n- [ ] b', ['b']],
    ['in a quote count', '> - [ ] a', ['a']],
    ['without words count', '- [ ]', ['']],
    ['below an optional heading do not count', '## Optional\n- [ ] a\n### More\n- [ ] b\n## Then\n- [ ] c', ['c']],
    ['below a heading marked (optional) do not count', '## Polish (optional)\n- [ ] a\n# Top\n- [ ] b', ['b']],
    ['below an underlined heading count again', '## Optional\n- [ ] a\n\nThen\n----\n- [ ] b', ['b']],
    ['marked (optional) themselves do not count', '- [ ] (optional) a\n- [ ] b (optional)\n- [ ] c', ['c']],
    ['below a heading about something non-optional count', '## Make it non-optional\n- [ ] a', ['a']],
  ])('%s', (_what, text, expected) => {
    expect(open(text)).toEqual(expected);
  });

  test('of the seed plan: three are open, each with its line', () => {
    const plan = '# Plan\n\n- [x] a\n\n## Phase 4\n\n- [ ] b\n\n### Task 4.2\n\n- [ ] c\n      wrapped\n- [ ] d\n';
    expect(tasksIn(plan).filter(({ checked }) => !checked)).toEqual([
      { text: 'b', checked: false, line: 7, required: true },
      { text: 'c', checked: false, line: 11, required: true },
      { text: 'd', checked: false, line: 13, required: true },
    ]);
  });
});

test('a section ends at the next heading of its level, and a heading in code is none', () => {
  const parts = readMarkdown('# T\n## Validation\na\n### sub\n```\n## no\n```\n## Next\nb');
  expect(sectionOf(parts, 'validation')?.map(({ line }) => line)).toEqual([3, 4, 5]);
  expect(sectionOf(parts, 'other')).toBeNull();
  expect(titleOf('```\n# no\n```\n# Demo: yes #\n')).toBe('Demo: yes');
  expect(titleOf('Title\n=====\n')).toBe('Title');
});

describe('S0-4.1a a demo', () => {
  const shown = (blocks: string) => `# Demo: X\n\n## Validation\n\n${blocks}\n## Guided Presentation\n`;
  const ECHO = '```bash\necho a\n```\n';

  test('has its blocks in order, with those passed over and why', () => {
    const text = shown(`${ECHO}text\n<!-- skip-validation: no net -->\n\n~~~sh\ncurl x\n~~~\n\`\`\`ts\nx\n\`\`\`\n`);
    expect(readDemo(text)).toEqual({
      title: 'X',
      exempt: null,
      blocks: [
        { line: 5, code: 'echo a', skipped: null },
        { line: 11, code: 'curl x', skipped: 'no net' },
      ],
      problems: [],
    });
  });

  test.each<[string, string | null, string[]]>([
    ['without a file', null, ['there is no demo.md']],
    ['without a word', '', ['has no section Validation']],
    ['without the section', `# Demo: X\n${ECHO}`, ['has no section Validation']],
    ['with its blocks elsewhere', `## Validation\n## Other\n${ECHO}`, ['has no bash block to run']],
    ['with comments alone', shown('```bash\n# echo\n\n```\n'), ['has no bash block to run']],
    ['with all blocks passed over', shown(`<!-- skip-validation: later -->\n${ECHO}`), ['has no bash block to run']],
    ['with a block in a comment', shown(`<!--\n${ECHO}-->\n`), ['has no bash block to run']],
    ['with a block that never ends', '## Validation\n```bash\necho', ['line 2: the block is never closed']],
    [
      'with a block passed over for no reason',
      shown(`${ECHO}<!-- skip-validation -->\n${ECHO}`),
      ['line 8: skip-validation gives no reason'],
    ],
    ['with a NUL character', shown('```bash\necho \0\n```\n'), ['line 5: the block has a NUL character']],
    [
      'exempt for no reason',
      `<!-- no-demo: -->\n${shown('')}`,
      ['line 1: no-demo gives no reason', 'has no bash block'],
    ],
    ['exempt too late', `${'\n'.repeat(10)}<!-- no-demo: x -->\n`, ['has no section Validation']],
    [
      'as its template',
      templateOf('demo.md', { slug: 'x', description: null, hasInput: false, children: [] }),
      ['unchanged template'],
    ],
  ])('%s is refused', (_what, text, expected) => {
    const said = readDemo(text).problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    expect(said).toHaveLength(expected.length);
    for (const [at, part] of expected.entries()) expect(said[at]).toContain(part);
  });

  test('may be exempt within its first ten lines', () => {
    expect(readDemo(`${'\n'.repeat(9)}<!-- no-demo: a rename\nalone -->`)).toMatchObject({
      exempt: 'a rename\nalone',
      problems: [],
    });
  });

  test('that is far too long for one command is refused, and none takes long to read', () => {
    const text = shown(`\`\`\`bash\necho ${'x'.repeat(100_001)}\n\`\`\`\n`);
    expect(readDemo(text).problems).toEqual([{ path: 'line 5', message: 'is longer than 100000 characters' }]);
    const startedAt = performance.now();
    readDemo(`${'> '.repeat(50_000)}\n${'- '.repeat(50_000)}\n${'#'.repeat(100_000)}\n${' \t'.repeat(50_000)}x`);
    tasksIn(`- a\n${'  - [ ] b\n'.repeat(100_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
