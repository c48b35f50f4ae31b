/**
 * The slots in which checks run: a folder each, with a work tree, a home and what is known of its last use. A lock of the
 * kernel says who has it, so one whose process was killed is free at once; what that process left running is ended before
 * anybody uses the slot again. Decides which slot suits best; knows nothing of git or of checks.
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { type FileLock, lockFile } from '../lock.ts';
import { bootId, processMark } from '../process.ts';
import { ensurePrivateFolder } from '../state.ts';
import { endStragglers } from './stragglers.ts';

const run = promisify(execFile);

/** What a slot remembers; what cannot be read counts as nothing, and its work tree is made anew. */
const memory = z.object({
  /** Run of the machine in which it was written: after a power cut files may be shorter than they seem. */
  boot: z.string(),
  /** Tree that was last made in it; a hint, nothing more. */
  tree: z.string(),
  /** What is run in it, as the file says until that is over. */
  run: z.object({ group: z.number(), mark: z.string() }).nullable(),
  /** Folder for temporary files outside of it. */
  temporary: z.string().nullable(),
});
type Memory = z.output<typeof memory>;

const SLOTS_MAX = 1000;
const ORPHAN_GRACE_MS = 2000;
/** A socket in the folder for temporary files has to fit into about a hundred bytes. */
const NEAR_BYTES_MAX = 60;
/** Days after which a slot that nobody used is taken down. */
const IDLE_MS = 14 * 86_400_000;

export class Slot {
  readonly number: number;
  readonly folder: string;
  readonly #lock: FileLock;
  #memory: Memory | null;

  constructor(folder: string, number: number, lock: FileLock, remembered: Memory | null) {
    this.folder = folder;
    this.number = number;
    this.#lock = lock;
    this.#memory = remembered;
  }

  get workTree(): string {
    return join(this.folder, 'tree');
  }

  get gitFolder(): string {
    return join(this.folder, 'git');
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  /** Whether what lies in the work tree is worth starting from. */
  get isKnown(): boolean {
    return this.#memory !== null && this.#memory.boot === bootId();
  }

  /** Notes what is about to be made in it; until then a killed process leaves nothing that is believed. */
  remember(tree: string): void {
    this.#write({ boot: bootId(), tree, run: null, temporary: this.#memory?.temporary ?? null });
  }

  /** Notes the process group that works in it. */
  began(group: number): void {
    if (this.#memory) this.#write({ ...this.#memory, run: { group, mark: processMark(group) ?? '' } });
  }

  /** Folders for one run: an empty home, an empty folder for temporary files. */
  places(): { home: string; temporary: string; ceiling: string } {
    this.#removeTemporary();
    rmSync(this.home, { recursive: true, force: true });
    mkdirSync(this.home, { mode: 0o700 });
    const near = join(this.folder, 'tmp');
    let temporary = near;
    if (Buffer.byteLength(near) > NEAR_BYTES_MAX) temporary = mkdtempSync('/tmp/telec-');
    else mkdirSync(near, { mode: 0o700 });
    if (this.#memory) this.#write({ ...this.#memory, temporary });
    return { home: this.home, temporary, ceiling: this.folder };
  }

  /** The run is over, and nobody of it lives. */
  ended(): void {
    this.#removeTemporary();
    rmSync(this.home, { recursive: true, force: true });
    const { run: last = null, temporary = null } = this.#memory ?? {};
    if (this.#memory && (last !== null || temporary !== null))
      this.#write({ ...this.#memory, run: null, temporary: null });
  }

  /** Ends what another process, now gone, left running here. False: somebody cannot be ended. */
  async endOrphans(): Promise<boolean> {
    const last = this.#memory?.run ?? null;
    // The number may be somebody else's by now; on Linux the home tells who is meant.
    const group = last !== null && processMark(last.group) === last.mark ? last.group : null;
    const gone = await endStragglers({ group, home: this.home }, ORPHAN_GRACE_MS);
    if (gone && this.#memory) this.ended();
    return gone;
  }

  /** Puts the work tree aside and takes it away; what cannot be taken away is tried again at the next time. */
  async discard(): Promise<void> {
    this.#memory = null;
    rmSync(join(this.folder, 'slot.json'), { force: true });
    rmSync(this.gitFolder, { recursive: true, force: true });
    if (existsSync(this.workTree)) renameSync(this.workTree, join(this.folder, `gone-${Date.now()}`));
    await this.removeGone();
  }

  /** Takes away what was put aside. */
  async removeGone(): Promise<void> {
    const gone = readdirSync(this.folder).filter((name) => name.startsWith('gone-'));
    for (const name of gone) await removeTree(join(this.folder, name));
  }

  release(): void {
    this.#lock.release();
  }

  #removeTemporary(): void {
    const temporary = this.#memory?.temporary ?? join(this.folder, 'tmp');
    rmSync(temporary, { recursive: true, force: true });
  }

  #write(next: Memory): void {
    this.#memory = next;
    const path = join(this.folder, 'slot.json');
    writeFileSync(`${path}.new`, JSON.stringify(next), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

export class Slots {
  readonly #folder: string;
  readonly #mine = new Set<number>();

  /** `folder` is real and private. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * A slot for `tree`, locked: of those that are free the one that has it, else one that is known, else another, else a new
   * one. Thrown: LOCK_UNSUPPORTED (3) and the file system's errors.
   */
  async take(tree: string): Promise<Slot> {
    const numbers = this.#numbers();
    const rank = (number: number) => {
      const last = readMemory(join(this.#folder, String(number)));
      return last === null ? 2 : last.tree === tree ? 0 : 1;
    };
    const free = numbers.filter((number) => !this.#mine.has(number)).map((number) => ({ number, rank: rank(number) }));
    for (const { number } of free.sort((a, b) => a.rank - b.rank || a.number - b.number)) {
      const slot = await this.#open(number);
      if (slot) return slot;
    }
    for (let number = 0; number < SLOTS_MAX; number += 1) {
      if (numbers.includes(number) || this.#mine.has(number)) continue;
      const slot = await this.#open(number);
      if (slot) return slot;
    }
    throw new Error(`${SLOTS_MAX} slots are in use`);
  }

  give(slot: Slot): void {
    this.#mine.delete(slot.number);
    slot.release();
  }

  /** Ends what killed processes left running in slots that are free now, and takes down those that nobody used for long. */
  async tidy(now: number): Promise<void> {
    for (const number of this.#numbers()) {
      if (this.#mine.has(number)) continue;
      const slot = await this.#open(number);
      if (slot === null) continue;
      try {
        await slot.removeGone();
        if (now - usedAt(slot.folder) > IDLE_MS) await removeTree(slot.folder);
      } finally {
        this.give(slot);
      }
    }
  }

  /** The slot, locked and with nobody in it; null when another has it or somebody in it cannot be ended. */
  async #open(number: number): Promise<Slot | null> {
    const lock = lockFile(join(this.#folder, `${number}.lock`));
    if (lock === null) return null;
    this.#mine.add(number);
    const folder = join(this.#folder, String(number));
    try {
      ensurePrivateFolder(folder);
      const slot = new Slot(folder, number, lock, readMemory(folder));
      if (await slot.endOrphans()) return slot;
    } catch (error) {
      this.#mine.delete(number);
      lock.release();
      throw error;
    }
    this.#mine.delete(number);
    lock.release();
    return null;
  }

  #numbers(): number[] {
    return readdirSync(this.#folder)
      .filter((name) => /^\d{1,3}$/.test(name))
      .map(Number);
  }
}

function readMemory(folder: string): Memory | null {
  try {
    return memory.parse(JSON.parse(readFileSync(join(folder, 'slot.json'), 'utf8')));
  } catch {
    return null;
  }
}

function usedAt(folder: string): number {
  return readMemory(folder) === null ? 0 : statSync(join(folder, 'slot.json')).mtimeMs;
}

/** Takes a folder away, with folders in it that their owner may not enter. Best effort: what stays, stays aside. */
export async function removeTree(path: string): Promise<void> {
  const options = { env: { PATH: process.env['PATH'] ?? '' } };
  const removed = await run('rm', ['-rf', '--', path], options).then(
    () => true,
    () => false,
  );
  if (removed) return;
  await run('chmod', ['-R', 'u+rwX', '--', path], options).catch(() => undefined);
  await run('rm', ['-rf', '--', path], options).catch(() => undefined);
}
