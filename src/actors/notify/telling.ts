/** A notification row as a surface tells it: its tone, its address in the web view, the command that says more. */
import type { TellingItem } from '../../io/surfaces/surface.ts';
import { toneOf } from '../../machines/delivery-rules.ts';
import { linkOf } from '../../machines/links.ts';
import type { NotificationRow } from '../../machines/notification.ts';

/** `web` is the address of the web door; null while it is closed. */
export function tellingItem(row: NotificationRow, web: string | null): TellingItem {
  return {
    row: row.id,
    family: row.family,
    slug: row.slug,
    subject: row.slug ?? row.key,
    tone: toneOf(row),
    text: row.text,
    event: row.event,
    level: row.level,
    at: row.updated_at,
    link: web === null ? null : `${web}/${linkOf({ kind: 'notification', id: row.id })}`,
    command: row.slug === null ? 'telec notifications' : `telec why ${row.slug}`,
  };
}
