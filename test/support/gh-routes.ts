/** Ways to move main on GitHub that somebody may try with gh, and commands of gh that must pass unnoticed. */

export interface GhRoute {
  name: string;
  words: readonly string[];
  env?: Record<string, string>;
  /** A file in the working directory. */
  file?: { name: string; text: string };
  /** What the fake gh says is the base of every pull request; null: it cannot tell. Default main. */
  base?: string | null;
}

const repo = 'repos/acme/app';
const one = (name: string, ...words: string[]): GhRoute => ({ name, words });
const graph = (name: string, query: string, ...more: string[]) =>
  one(name, 'api', 'graphql', '-f', `query=${query}`, ...more);

export const GH_ROUTES: readonly GhRoute[] = [
  one('a pull request by number', 'pr', 'merge', '5'),
  one('the one of the branch', 'pr', 'merge'),
  one('by address', 'pr', 'merge', 'https://github.com/acme/app/pull/5'),
  one('by branch', 'pr', 'merge', 'topic', '--merge'),
  one('squashed', 'pr', 'merge', '5', '--squash', '--delete-branch'),
  one('rebased, by administration', 'pr', 'merge', '--rebase', '--admin', '5'),
  one('when all is green', 'pr', 'merge', '--auto', '-s', '5'),
  one('of a named repository', 'pr', 'merge', '5', '-R', 'acme/app'),
  one('of a repository named with host', 'pr', '--repo=github.com/ACME/App', 'merge', '5'),
  { ...one('of a repository named by the environment', 'pr', 'merge', '5'), env: { GH_REPO: 'acme/app' } },
  one('by an alias', 'land', '5'),
  one('by an alias with a place', 'landsquash', '5'),
  { ...one('whose base cannot be asked', 'pr', 'merge', '5'), base: null },
  one('api: merge a pull request', 'api', '-X', 'PUT', `${repo}/pulls/5/merge`),
  one('api: in one word, with a slash', 'api', '-XPUT', `/${repo}/pulls/5/merge`, '-f', 'merge_method=squash'),
  one('api: with placeholders', 'api', '--method', 'PUT', 'repos/{owner}/{repo}/pulls/5/merge'),
  one('api: by full address', 'api', '--method=PUT', `https://api.github.com/${repo}/pulls/5/merge`),
  one('api: of another spelling', 'api', '-X', 'put', 'repos/Acme/APP/pulls/5/merge'),
  one('api: merge branches', 'api', `${repo}/merges`, '-f', 'base=main', '-f', 'head=topic'),
  one('api: move main', 'api', '-X', 'PATCH', `${repo}/git/refs/heads/main`, '-f', 'sha=x', '-F', 'force=true'),
  one('api: delete main', 'api', '-X', 'DELETE', `${repo}/git/refs/heads/main`),
  one('api: plant a branch', 'api', `${repo}/git/refs`, '-f', 'ref=refs/heads/refs/heads/main', '-f', 'sha=x'),
  one('api: write a file', 'api', '-X', 'PUT', `${repo}/contents/a.txt`, '-f', 'message=m', '-f', 'content=eA=='),
  one('api: write a file to main', 'api', '-X', 'PUT', `${repo}/contents/a.txt`, '-f', 'branch=main'),
  {
    ...one(
      'api: delete a file, asked for in a file',
      'api',
      '-X',
      'DELETE',
      `${repo}/contents/a.txt`,
      '--input',
      'body.json',
    ),
    file: { name: 'body.json', text: '{"message": "m", "sha": "x", "branch": "main"}' },
  },
  one('api: what is asked for comes on stdin', 'api', '-X', 'PUT', `${repo}/contents/a.txt`, '--input', '-'),
  one('api: from upstream', 'api', `${repo}/merge-upstream`, '-f', 'branch=main'),
  one('api: rename main', 'api', `${repo}/branches/main/rename`, '-f', 'new_name=old'),
  graph('graphql: merge', 'mutation { mergePullRequest(input: {pullRequestId: "PR_x"}) { clientMutationId } }'),
  graph('graphql: when all is green', 'mutation { enablePullRequestAutoMerge(input: {pullRequestId: "PR_x"}) { x } }'),
  graph('graphql: into the queue', 'mutation { enqueuePullRequest(input: {pullRequestId: "PR_x"}) { x } }'),
  graph(
    'graphql: merge branches',
    'mutation { mergeBranch(input: {repositoryId: "R", base: "main", head: "t"}) { x } }',
  ),
  graph('graphql: move a ref', 'mutation { updateRef(input: {refId: "REF_x", oid: "x"}) { x } }'),
  graph(
    'graphql: move refs',
    'mutation($n: String!) { updateRefs(input: {refUpdates: [{name: $n}]}) { x } }',
    '-f',
    'n=refs/heads/main',
  ),
  graph('graphql: commit', 'mutation { createCommitOnBranch(input: {branch: {branchName: "main"}}) { x } }'),
  {
    ...one('graphql: from a file', 'api', 'graphql', '-F', 'query=@merge.graphql'),
    file: { name: 'merge.graphql', text: 'mutation { mergePullRequest(input: {pullRequestId: "PR_x"}) { x } }' },
  },
  one('graphql: from stdin', 'api', 'graphql', '--input', '-'),
  one('sync', 'repo', 'sync', 'acme/app'),
  one('sync of main, by force', 'repo', 'sync', 'acme/app', '--branch', 'main', '--force'),
];

export const FREE_GH: readonly GhRoute[] = [
  one('a list', 'pr', 'list', '--search', 'merge main'),
  one('a new pull request', 'pr', 'create', '--base', 'main', '--fill'),
  { ...one('a merge into another branch', 'pr', 'merge', '5', '--squash'), base: 'release' },
  one('a merge taken back', 'pr', 'merge', '5', '--disable-auto'),
  one('a merge elsewhere', 'pr', 'merge', '5', '-R', 'acme/other'),
  one('a merge elsewhere, by address', 'pr', 'merge', 'https://github.com/acme/other/pull/5'),
  one('a merge elsewhere, by the api', 'api', '-X', 'PUT', 'repos/acme/other/pulls/5/merge'),
  one('reading by the api', 'api', `${repo}/git/refs/heads/main`),
  one('a comment', 'api', `${repo}/issues/5/comments`, '-f', 'body=main'),
  one('a file on a branch', 'api', '-X', 'PUT', `${repo}/contents/a.txt`, '-f', 'branch=topic', '-f', 'message=main'),
  one('a new branch', 'api', `${repo}/git/refs`, '-f', 'ref=refs/heads/topic', '-f', 'sha=x'),
  one('a branch moved', 'api', '-X', 'PATCH', `${repo}/git/refs/heads/topic`, '-f', 'sha=x'),
  one('main merged into a branch', 'api', `${repo}/merges`, '-f', 'base=topic', '-f', 'head=main'),
  graph('a query', 'query { repository(owner: "acme", name: "app") { ref(qualifiedName: "main") { name } } }'),
  graph(
    'a commit on a branch',
    'mutation($b: String!) { createCommitOnBranch(input: {branch: {branchName: $b}}) { x } }',
    '-f',
    'b=topic',
  ),
  one('the local repository brought up to date', 'repo', 'sync'),
  one('an alias of something else', 'co', '5'),
  one('an extension', 'poi', '--dry-run'),
  one('the version', '--version'),
  one('nothing at all'),
  one('words of all sorts', 'issue', 'create', '--title', `it's "$(id)" \n-x`, '--body', ''),
];
