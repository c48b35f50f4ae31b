/**
 * What goes along with the daemon and is none of its work: it hears of each applied entry, starts and ends with the
 * daemon, and cannot delay or fail anything of it. Decides which companions there are.
 */
import type { Change } from './candidate-record.ts';
import type { TelecClient } from './client.ts';
import type { Opened } from './commands/session.ts';
import { openTraces } from './metrics/traces.ts';
import { openLauncher } from './notify/launcher.ts';
import { openNotifier } from './notify/notifier.ts';
import type { PipelineEvent } from './pipeline.ts';
import type { Report } from './steward.ts';

export interface Companion {
  /** Begins its work; entries come only after this. Never throws. */
  start(): void;
  /** One entry was applied. Keeps it in mind and returns at once; never throws. */
  applied(event: PipelineEvent, changes: readonly Change[]): void;
  /** Ends its work, within three seconds or it is left behind. */
  stop(): Promise<void>;
}

/** What companions act on. */
export interface CompanionParts {
  opened: Opened;
  client: TelecClient;
  report: Report;
  /** Values that nothing may show. */
  secrets: readonly string[];
  /** Where the web door is; null when it stays closed. */
  web: string | null;
}

/** The companions that the configuration asks for. */
export function companionsOf(parts: CompanionParts): Companion[] {
  const all = [openNotifier(parts), openLauncher(parts), openTraces(parts)];
  return all.filter((companion) => companion !== null);
}
