/** What an entry of the log is called on the page. Pure. */
import type { EnvelopeView } from '../../actors/event-views.ts';

/** The type without the prefix that all of telec's own have. */
export const shortEvent = (event: string): string => event.replace(/^domain\.software-development\./, '');

/** A field beside the payload when it is text. */
export function fieldText(entry: EnvelopeView, field: string): string | null {
  const value = entry[field];
  return typeof value === 'string' && value !== '' ? value : null;
}
