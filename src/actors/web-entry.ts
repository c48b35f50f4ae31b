/**
 * How a browser comes by the token of the web door without its ever standing in an argument or an address that is kept:
 * who can open the socket is given a ticket, good once and for a minute, in a private file that leads to the page; the
 * page trades it. Decides which tickets are good, and removes their files.
 */
import { createHash, randomBytes } from 'node:crypto';
import { EXIT, TelecError } from '../errors.ts';
import { type EntryFile, sweepEntryFiles, writeEntryFile } from '../io/entry-file.ts';
import { enterFragment, type Link } from '../machines/links.ts';

/** How long a ticket is good, ms. */
const TICKET_MS = 60_000;
/** Tickets at once; the oldest gives way. */
const TICKETS_MAX = 16;
const TICKET_BYTES = 32;

/** What `telec web` is asked for. */
export interface WebRequest {
  /** What the page is to show first; null for the whole. */
  show: { what: Link['kind']; which: string } | null;
  /** Only the address is wanted. */
  print: boolean;
}

/** What `telec web` answers. */
export interface WebView {
  /** Signs a browser in, once. */
  url: string;
  /** A browser was asked to show it. */
  opened: boolean;
  /** Until when the address is good. */
  expires_at: string;
}

/** What the daemon gives to who can open its socket. */
export interface TicketView {
  /** Address with the ticket, for people to copy. */
  url: string;
  /** A file of this user alone that leads there. */
  file: string;
  expires_at: string;
}

export interface WebEntry {
  /** Where the door is; null while it is closed. */
  open(url: string | null): void;
  /** A new ticket, leading to `link`. Thrown: WEB_CLOSED (3). */
  issue(link: Link | null): TicketView;
  /** The token for a ticket, which is spent by it; null when it is not good. */
  enter(ticket: string): string | null;
  /** Removes all files; no ticket is good any more. */
  close(): void;
}

interface Ticket {
  file: EntryFile;
  timer: NodeJS.Timeout;
}

/** Entries to the door whose token this is; files go into `folder`. What a daemon that was cut off left there is removed. */
export function webEntry({ folder, token }: { folder: string; token: string }): WebEntry {
  /** By digest: the time a look-up takes says nothing of the ticket. */
  const tickets = new Map<string, Ticket>();
  let door: string | null = null;
  sweepEntryFiles(folder);
  const spend = (digest: string): boolean => {
    const ticket = tickets.get(digest);
    if (!ticket) return false;
    clearTimeout(ticket.timer);
    tickets.delete(digest);
    ticket.file.remove();
    return true;
  };
  return {
    open(url) {
      door = url;
    },
    issue(link) {
      if (door === null)
        throw new TelecError('WEB_CLOSED', EXIT.unreachable, 'the web door of the daemon is closed', {
          hint: '`telec doctor` says why',
        });
      const [oldest] = tickets.keys();
      if (oldest !== undefined && tickets.size >= TICKETS_MAX) spend(oldest);
      const ticket = randomBytes(TICKET_BYTES).toString('hex');
      const url = `${door}/${enterFragment(ticket, link)}`;
      const file = writeEntryFile(folder, url);
      const digest = digestOf(ticket);
      const timer = setTimeout(() => spend(digest), TICKET_MS).unref();
      tickets.set(digest, { file, timer });
      return { url, file: file.path, expires_at: new Date(Date.now() + TICKET_MS).toISOString() };
    },
    enter: (ticket) => (spend(digestOf(ticket)) ? token : null),
    close() {
      door = null;
      for (const digest of tickets.keys()) spend(digest);
    },
  };
}

const digestOf = (ticket: string) => createHash('sha256').update(ticket).digest('hex');
