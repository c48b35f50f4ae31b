/**
 * Every way to bring something to main, or to what stands for it, that somebody who is not the integrator may try with
 * git; with the layer that stops it where hook and wrappers stand. Without any guard each of them gets through.
 */
import type { Answer, RouteBench } from './route-bench.ts';

/** `wrapper`: never started. `hook`: the pre-push hook says no. `server`: only the remote itself can stop it. */
export type Layer = 'wrapper' | 'hook' | 'server';

export interface PushRoute {
  name: string;
  /** With wrappers first in PATH and the hook in the clone. */
  stoppedBy: Layer;
  /** The hook stops it where there are no wrappers. */
  hook: boolean;
  run(bench: RouteBench): Answer;
}

type Words = readonly string[] | ((bench: RouteBench) => readonly string[]);
const wordsOf = (words: Words, bench: RouteBench) => (typeof words === 'function' ? words(bench) : words);

/** A plain command in the clone. */
const route = (name: string, stoppedBy: Layer, words: Words, hook = stoppedBy !== 'server'): PushRoute => ({
  name,
  stoppedBy,
  hook,
  run: (bench) => bench.git(wordsOf(words, bench)),
});

/** One that needs settings or branches first. */
const after = (
  name: string,
  stoppedBy: Layer,
  prepare: (bench: RouteBench) => void,
  words: Words,
  hook = true,
): PushRoute => ({
  name,
  stoppedBy,
  hook,
  run(bench) {
    prepare(bench);
    return bench.git(wordsOf(words, bench));
  },
});

const set = (bench: RouteBench, ...pairs: [string, string][]) => {
  for (const [key, value] of pairs) bench.run(bench.realGit, ['config', '--add', key, value]);
};
const switchTo = (bench: RouteBench, branch: string) => bench.run(bench.realGit, ['switch', '--quiet', branch]);

const plainOnes: PushRoute[] = [
  route('implicit, on main', 'hook', ['push']),
  route('the remote alone', 'hook', ['push', 'origin']),
  route('main by name', 'hook', ['push', 'origin', 'main']),
  route('main:main', 'wrapper', ['push', 'origin', 'main:main']),
  route('HEAD:main', 'wrapper', ['push', 'origin', 'HEAD:main']),
  route('HEAD, on main', 'hook', ['push', 'origin', 'HEAD']),
  route('@, on main', 'hook', ['push', 'origin', '@']),
  route('topic:main', 'wrapper', ['push', 'origin', 'topic:main']),
  route('an id:main', 'wrapper', ({ commit }) => ['push', 'origin', `${commit}:main`]),
  route('an expression with blanks', 'wrapper', ['push', 'origin', 'HEAD^{/ahead}:main']),
  route('the full ref', 'hook', ['push', 'origin', 'refs/heads/main']),
  route('full ref to full ref', 'wrapper', ['push', 'origin', 'refs/heads/main:refs/heads/main']),
  route('half a ref', 'wrapper', ['push', 'origin', 'HEAD:heads/main']),
  route('+main', 'hook', ['push', 'origin', '+main']),
  route('+topic:main', 'wrapper', ['push', 'origin', '+topic:main']),
  route('--force', 'hook', ['push', '--force', 'origin', 'main']),
  route('-f, another history', 'wrapper', ['push', '-f', 'origin', 'topic:main']),
  route('--force-with-lease', 'hook', ['push', '--force-with-lease', 'origin', 'main']),
  route('--atomic with a branch', 'wrapper', ['push', '--atomic', 'origin', 'topic', 'HEAD:main']),
  route('--follow-tags', 'hook', ['push', '--follow-tags', 'origin', 'main']),
  route('behind --', 'hook', ['push', '--', 'origin', 'main']),
  route('options behind the words', 'wrapper', ['push', 'origin', 'HEAD:main', '--quiet']),
  route('--repo=', 'hook', ['push', '--repo=origin']),
  route('--all', 'hook', ['push', '--all', 'origin']),
  route('--mirror', 'hook', ['push', '--mirror', 'origin']),
  route('matching by :', 'hook', ['push', 'origin', ':']),
  route('a pattern', 'hook', ['push', 'origin', 'refs/heads/*:refs/heads/*']),
];

const deletions: PushRoute[] = [
  route('delete by :main', 'wrapper', ['push', 'origin', ':main']),
  route('--delete main', 'wrapper', ['push', '--delete', 'origin', 'main']),
  route('-d refs/heads/main', 'wrapper', ['push', '-d', 'origin', 'refs/heads/main']),
  after(
    '--prune of all branches',
    'hook',
    (bench) => {
      switchTo(bench, 'topic');
      bench.run(bench.realGit, ['branch', '-D', 'main']);
    },
    ['push', '--prune', 'origin', 'refs/heads/*:refs/heads/*'],
  ),
];

const configured: PushRoute[] = [
  after('push.default=matching', 'hook', (bench) => set(bench, ['push.default', 'matching']), ['push', 'origin']),
  after('push.default=current', 'hook', (bench) => set(bench, ['push.default', 'current']), ['push']),
  after(
    'implicit upstream main',
    'hook',
    (bench) => {
      switchTo(bench, 'topic');
      set(
        bench,
        ['push.default', 'upstream'],
        ['branch.topic.remote', 'origin'],
        ['branch.topic.merge', 'refs/heads/main'],
      );
    },
    ['push'],
  ),
  after(
    'a branch by name whose upstream is main',
    'hook',
    (bench) =>
      set(
        bench,
        ['push.default', 'upstream'],
        ['branch.topic.remote', 'origin'],
        ['branch.topic.merge', 'refs/heads/main'],
      ),
    ['push', 'origin', 'topic'],
  ),
  after(
    'remote.origin.push',
    'hook',
    (bench) => set(bench, ['remote.origin.push', 'refs/heads/topic:refs/heads/main']),
    ['push', 'origin'],
  ),
  after(
    'a branch by name that remote.origin.push sends to main',
    'hook',
    (bench) => set(bench, ['remote.origin.push', 'refs/heads/topic:refs/heads/main']),
    ['push', 'origin', 'topic'],
  ),
  after('remote.origin.mirror', 'hook', (bench) => set(bench, ['remote.origin.mirror', 'true']), ['push', 'origin']),
  after(
    'remote.pushDefault',
    'hook',
    (bench) =>
      set(bench, ['remote.again.url', bench.remote], ['remote.pushDefault', 'again'], ['push.default', 'current']),
    ['push'],
  ),
  after('another name of the remote', 'wrapper', (bench) => set(bench, ['remote.again.url', bench.remote]), [
    'push',
    'again',
    'HEAD:main',
  ]),
  after(
    'a pushurl of another remote',
    'wrapper',
    (bench) => set(bench, ['remote.fork.url', bench.fork], ['remote.fork.pushurl', bench.remote]),
    ['push', 'fork', 'HEAD:main'],
  ),
  after(
    'two pushurls, one of them the remote',
    'wrapper',
    (bench) =>
      set(
        bench,
        ['remote.fork.url', bench.fork],
        ['remote.fork.pushurl', bench.fork],
        ['remote.fork.pushurl', bench.remote],
      ),
    ['push', 'fork', 'HEAD:main'],
  ),
  route('a path', 'wrapper', ({ remote }) => ['push', remote, 'HEAD:main']),
  route('a path without its .git', 'wrapper', ({ remote }) => ['push', remote.replace(/\.git$/, ''), 'HEAD:main']),
  route('a relative path', 'wrapper', ['push', '../remote.git', 'HEAD:main']),
  route('a file URL', 'wrapper', ({ remote }) => ['push', `file://${remote}`, 'HEAD:main']),
  after('insteadOf', 'hook', (bench) => set(bench, [`url.${bench.remote}.insteadOf`, 'there:']), [
    'push',
    'there:',
    'HEAD:main',
  ]),
  after(
    'pushInsteadOf of a named remote',
    'wrapper',
    (bench) => set(bench, [`url.${bench.remote}.pushInsteadOf`, bench.fork], ['remote.fork.url', bench.fork]),
    ['push', 'fork', 'HEAD:main'],
  ),
  route('a command as transport', 'wrapper', ({ remote }) => [
    '-c',
    'protocol.ext.allow=always',
    'push',
    `ext::git-receive-pack ${remote}`,
    'HEAD:main',
  ]),
];

const elsewhere: PushRoute[] = [
  {
    name: '-C from outside',
    stoppedBy: 'wrapper',
    hook: true,
    run: (bench) => bench.git(['-C', bench.clone, 'push', 'origin', 'HEAD:main'], { cwd: bench.outside }),
  },
  {
    name: '--git-dir from outside',
    stoppedBy: 'wrapper',
    hook: true,
    run: (bench) => bench.git([`--git-dir=${bench.clone}/.git`, 'push', 'origin', 'HEAD:main'], { cwd: bench.outside }),
  },
  {
    name: '--git-dir and --work-tree as words of their own',
    stoppedBy: 'hook',
    hook: true,
    run: (bench) =>
      bench.git(['--git-dir', `${bench.clone}/.git`, '--work-tree', bench.clone, 'push', 'origin', 'main'], {
        cwd: bench.outside,
      }),
  },
  {
    name: 'GIT_DIR',
    stoppedBy: 'wrapper',
    hook: true,
    run: (bench) =>
      bench.git(['push', 'origin', 'HEAD:main'], { cwd: bench.outside, env: { GIT_DIR: `${bench.clone}/.git` } }),
  },
  {
    name: 'a linked work tree',
    stoppedBy: 'wrapper',
    hook: true,
    run: (bench) => bench.git(['push', 'origin', 'HEAD:main'], { cwd: bench.tree }),
  },
  {
    name: 'a linked work tree, --no-verify',
    stoppedBy: 'wrapper',
    hook: false,
    run: (bench) => bench.git(['push', '--no-verify', 'origin', 'HEAD:main'], { cwd: bench.tree }),
  },
  {
    name: 'another clone',
    stoppedBy: 'wrapper',
    hook: false,
    run: (bench) => bench.git(['push', 'origin', 'main'], { cwd: bench.other }),
  },
  route('an alias', 'wrapper', ['-c', 'alias.p=push', 'p', 'origin', 'HEAD:main']),
  route('an alias of an alias', 'wrapper', ['-c', 'alias.p=push', '-c', 'alias.q=p origin "HEAD:main"', 'q']),
  route('an alias of the shell', 'hook', ['-c', 'alias.p=!git push origin main', 'p']),
];

const around: PushRoute[] = [
  route('--no-verify', 'wrapper', ['push', '--no-verify', 'origin', 'main'], false),
  route('--no-verify behind the words', 'wrapper', ['push', 'origin', 'HEAD:main', '--no-verify'], false),
  route('--no-verify, shortened', 'wrapper', ['push', '--no-veri', 'origin', 'main'], false),
  route('--no-verify, implicit', 'wrapper', ['push', '--no-verify'], false),
  route('--no-verify, HEAD', 'wrapper', ['push', '--no-verify', 'origin', 'HEAD'], false),
  route('--no-verify --all', 'wrapper', ['push', '--no-verify', '--all'], false),
  route('--no-verify --mirror', 'wrapper', ['push', '--no-verify', '--mirror'], false),
  route('--no-verify, and --dry-run taken back', 'wrapper', ['push', '--no-verify', '-n', '--no-dry-run'], false),
  after(
    '--no-verify, implicit upstream main',
    'wrapper',
    (bench) => {
      switchTo(bench, 'topic');
      set(
        bench,
        ['push.default', 'upstream'],
        ['branch.topic.remote', 'origin'],
        ['branch.topic.merge', 'refs/heads/main'],
      );
    },
    ['push', '--no-verify'],
    false,
  ),
  route('-c core.hooksPath=', 'wrapper', ['-c', 'core.hooksPath=/dev/null', 'push', 'origin', 'main'], false),
  {
    name: 'core.hooksPath by the environment',
    stoppedBy: 'wrapper',
    hook: false,
    run: (bench) =>
      bench.git(['push', 'origin', 'main'], {
        env: { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.hooksPath', GIT_CONFIG_VALUE_0: '/dev/null' },
      }),
  },
  after(
    'core.hooksPath in the configuration',
    'wrapper',
    (bench) => set(bench, ['core.hooksPath', '/dev/null']),
    ['push', 'origin', 'main'],
    false,
  ),
  route('an alias with --no-verify', 'wrapper', ['-c', 'alias.p=push --no-verify', 'p', 'origin', 'main'], false),
  route('send-pack', 'wrapper', ({ remote }) => ['send-pack', remote, 'main'], false),
  route(
    'send-pack HEAD:refs/heads/main',
    'wrapper',
    ({ remote }) => ['send-pack', remote, 'HEAD:refs/heads/main'],
    false,
  ),
  route('send-pack --all', 'wrapper', ({ remote }) => ['send-pack', '--all', remote], false),
  {
    name: 'send-pack --stdin',
    stoppedBy: 'wrapper',
    hook: false,
    run: (bench) => bench.git(['send-pack', '--stdin', bench.remote], { stdin: 'refs/heads/main\n' }),
  },
];

const planted: PushRoute[] = [
  route('a branch that is called like main', 'wrapper', ['push', 'origin', 'HEAD:refs/heads/refs/heads/main']),
  route('a tag that is called like main', 'wrapper', ['push', 'origin', 'HEAD:refs/tags/refs/heads/main']),
  route('a ref of telec', 'wrapper', ['push', 'origin', 'HEAD:refs/telec/fence']),
  route('a ref below the fence', 'wrapper', ['push', 'origin', 'HEAD:refs/telec/fence/x']),
];

/** Ways that no program on this machine meets. */
const below: PushRoute[] = [
  {
    name: 'the real git by its path',
    stoppedBy: 'hook',
    hook: true,
    run: (bench) => bench.run(bench.realGit, ['push', 'origin', 'main']),
  },
  {
    name: 'the real git by its path, --no-verify',
    stoppedBy: 'server',
    hook: false,
    run: (bench) => bench.run(bench.realGit, ['push', '--no-verify', 'origin', 'main']),
  },
  route('an alias of the shell with --no-verify', 'server', ['-c', 'alias.p=!git push --no-verify origin main', 'p']),
  {
    name: "git's own folder of programs",
    stoppedBy: 'server',
    hook: false,
    run: (bench) => {
      const folder = bench.run(bench.realGit, ['--exec-path']).stdout.trim();
      return bench.run(`${folder}/git`, ['send-pack', bench.remote, 'main']);
    },
  },
  {
    name: 'fetched by the remote itself',
    stoppedBy: 'server',
    hook: false,
    run: (bench) => bench.git(['-C', bench.remote, 'fetch', '--quiet', bench.clone, '+main:main']),
  },
  {
    name: 'update-ref in the remote',
    stoppedBy: 'server',
    hook: false,
    run: (bench) => {
      bench.run(bench.realGit, ['push', '--quiet', 'origin', 'main:refs/heads/feature']);
      return bench.git(['-C', bench.remote, 'update-ref', 'refs/heads/main', bench.commit]);
    },
  },
];

export const PUSH_ROUTES: readonly PushRoute[] = [
  ...plainOnes,
  ...deletions,
  ...configured,
  ...elsewhere,
  ...around,
  ...planted,
  ...below,
];

/** Pushes that move nothing of main's, and must never be noticed by their authors. */
export const FREE_PUSHES: readonly { name: string; run(bench: RouteBench): Answer }[] = [
  { name: 'a branch by name', run: (bench) => bench.git(['push', 'origin', 'topic']) },
  { name: 'HEAD to a branch', run: (bench) => bench.git(['push', 'origin', 'HEAD:feature/x']) },
  { name: 'a branch, with upstream', run: (bench) => bench.git(['push', '-u', 'origin', 'topic']) },
  { name: 'a branch, --no-verify', run: (bench) => bench.git(['push', '--no-verify', 'origin', 'topic']) },
  { name: 'a branch called like a part of main', run: (bench) => bench.git(['push', 'origin', 'HEAD:mainline']) },
  { name: 'a branch below a folder main', run: (bench) => bench.git(['push', 'origin', 'HEAD:feature/main']) },
  { name: 'a branch called telec/x', run: (bench) => bench.git(['push', 'origin', 'HEAD:telec/x']) },
  { name: 'HEAD of a linked work tree', run: (bench) => bench.git(['push', 'origin', 'HEAD'], { cwd: bench.tree }) },
  {
    name: 'a branch with a name of all sorts',
    run: (bench) => bench.git(['push', 'origin', `HEAD:refs/heads/it's-"$(id)"-\`x\`;&|-ü`]),
  },
  { name: 'a branch that begins with a dash', run: (bench) => bench.git(['push', 'origin', 'HEAD:refs/heads/-x']) },
  {
    name: 'a tag',
    run: (bench) => {
      bench.run(bench.realGit, ['tag', 'v1']);
      return bench.git(['push', 'origin', 'v1']);
    },
  },
  {
    name: 'a tag called main',
    run: (bench) => {
      bench.run(bench.realGit, ['tag', 'v1']);
      return bench.git(['push', 'origin', 'v1:refs/tags/main']);
    },
  },
  {
    name: 'all tags',
    run: (bench) => {
      bench.run(bench.realGit, ['tag', 'v1']);
      return bench.git(['push', '--tags', 'origin']);
    },
  },
  {
    name: 'the deletion of a branch',
    run: (bench) => {
      bench.run(bench.realGit, ['push', '--quiet', 'origin', 'topic']);
      return bench.git(['push', 'origin', '--delete', 'topic']);
    },
  },
  {
    name: 'a forced branch',
    run: (bench) => {
      bench.run(bench.realGit, ['push', '--quiet', 'origin', 'topic']);
      return bench.git(['push', '--force', 'origin', '+main:topic']);
    },
  },
  { name: 'main of a fork', run: (bench) => bench.git(['push', bench.fork, 'main']) },
  { name: 'all of a fork', run: (bench) => bench.git(['push', '--mirror', bench.fork]) },
  { name: 'the clone itself', run: (bench) => bench.git(['push', '.', 'topic:main2']) },
  { name: 'main, dry', run: (bench) => bench.git(['push', '--dry-run', '--no-verify', 'origin', 'main']) },
  { name: 'a branch without an upstream', run: (bench) => bench.git(['push'], { cwd: bench.tree }) },
  { name: 'a branch that does not exist', run: (bench) => bench.git(['push', 'origin', 'nothing']) },
  { name: 'a remote that does not exist', run: (bench) => bench.git(['push', 'nowhere', 'HEAD:main']) },
  { name: 'a remote with a name of all sorts', run: (bench) => bench.git(['push', `it's "$(id)" \n-x`, 'HEAD:main']) },
  { name: 'an option that does not exist', run: (bench) => bench.git(['push', '--nonsense']) },
  {
    name: 'a non-fast-forward of a branch',
    run: (bench) => {
      bench.run(bench.realGit, ['push', '--quiet', 'origin', 'topic']);
      return bench.git(['push', 'origin', 'main:topic']);
    },
  },
  { name: 'send-pack of a branch', run: (bench) => bench.git(['send-pack', bench.remote, 'refs/heads/topic']) },
  { name: 'send-pack to a fork', run: (bench) => bench.git(['send-pack', '--all', bench.fork]) },
];
