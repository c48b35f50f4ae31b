/**
 * Which checks count for a delivery: those that main's own file names at the moment it lands, that is the file of the
 * commit it is built on. So a delivery that changes the checks is tested by the old ones, those behind it by the new.
 * Reads only.
 */
import { TelecError } from '../../../errors.ts';
import { CONFIG_FILE, readConfig } from '../../../io/config.ts';
import type { CheckDefinition } from '../../../io/config-checks.ts';
import type { IntegrationRepository } from '../../../io/git/port.ts';
import { stop } from '../work.ts';

/** Commits whose file is remembered: more than any line has. */
const COMMITS_MAX = 500;

export class Definitions {
  readonly #git: Pick<IntegrationRepository, 'readFile'>;
  readonly #fallback: readonly CheckDefinition[];
  readonly #texts = new Map<string, string | null>();
  #read: { text: string; checks: readonly CheckDefinition[] } | null = null;

  /** `fallback`: for a main without a file of its own. */
  constructor(git: Pick<IntegrationRepository, 'readFile'>, fallback: readonly CheckDefinition[]) {
    this.#git = git;
    this.#fallback = fallback;
  }

  /** The checks of what is built on the commit. A file that cannot be used ends the session: nothing says what to run. */
  async of(base: string): Promise<readonly CheckDefinition[]> {
    const text = await this.#text(base);
    if (text === null) return this.#fallback;
    if (this.#read?.text !== text) this.#read = { text, checks: checksIn(text, base) };
    return this.#read.checks;
  }

  /** Whether other checks count behind the delivery than for itself. */
  async change(base: string, tip: string): Promise<boolean> {
    const [before, after] = [await this.#text(base), await this.#text(tip)];
    if (before === after) return false;
    return JSON.stringify(await this.of(base)) !== JSON.stringify(await this.of(tip));
  }

  async #text(commit: string): Promise<string | null> {
    const known = this.#texts.get(commit);
    if (known !== undefined) return known;
    const text = await this.#git.readFile(commit, CONFIG_FILE);
    this.#texts.set(commit, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > COMMITS_MAX && oldest !== undefined) this.#texts.delete(oldest);
    return text;
  }
}

function checksIn(text: string, commit: string): readonly CheckDefinition[] {
  try {
    return readConfig({ main: text, workTree: text, env: {} }).config.checks;
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    const problems = (error.problems ?? []).map(({ path, message }) => `${path} ${message}`.trim());
    const detail = `${CONFIG_FILE} of ${commit} cannot be used: ${[error.message, ...problems].join('; ')}`;
    return stop('refused', 'config', detail, error.code);
  }
}
