/** `telec web`: an address of the daemon's that signs a browser in, handed to a browser. */
import { EXIT, TelecError } from '../../errors.ts';
import { declaredRole } from '../../io/acting.ts';
import { openInBrowser } from '../../io/browser.ts';
import { ask, type Question } from '../../io/daemon-socket.ts';
import { readDaemonFile } from '../../io/state.ts';
import { candidateKey } from '../../machines/identity.ts';
import { type Link, linkOf, readLink } from '../../machines/links.ts';
import type { CandidateView, CommandContext } from '../client.ts';
import type { TicketView, WebRequest, WebView } from '../web-entry.ts';
import { findPlace } from '../workspace.ts';

/** Signs a browser in and lets it open the view, unless only the address is wanted. Thrown: NO_DAEMON, WEB_CLOSED (3), WEB_TARGET (2). */
export async function openWeb(context: CommandContext, { show, print }: WebRequest): Promise<WebView> {
  const asking = daemonOf(context);
  const link = show && (await linkTo(show, asking));
  const body = { link: link && linkOf(link) };
  const { url, file, expires_at } = await asking<TicketView>({ method: 'POST', path: '/v1/web/ticket', body });
  return { url, opened: !print && (await openInBrowser(file, context.env)), expires_at };
}

type Asking = <T>(question: Question) => Promise<T>;

function daemonOf(context: CommandContext): Asking {
  const place = findPlace(context);
  const daemon = place && readDaemonFile(place.folder);
  const role = declaredRole(context.env)?.value;
  return async <T>(question: Question) => {
    const answer = daemon && (await ask(daemon.socket, { ...question, ...(role === undefined ? {} : { role }) }));
    if (answer) return answer.value as T;
    throw new TelecError('NO_DAEMON', EXIT.unreachable, 'no daemon runs here, and the web view is served by it', {
      hint: 'telec up, then telec web',
    });
  };
}

async function linkTo({ what, which }: NonNullable<WebRequest['show']>, asking: Asking): Promise<Link> {
  if (what === 'candidate') {
    const query = new URLSearchParams({ selector: which });
    return { kind: what, key: candidateKey(await asking<CandidateView>({ path: `/v1/candidate?${query}` })) };
  }
  const link: Link = { kind: what, id: which };
  if (readLink(linkOf(link)) !== null) return link;
  throw new TelecError('WEB_TARGET', EXIT.usage, `${JSON.stringify(which.slice(0, 60))} is no id of that kind`, {
    hint: 'telec events tail shows ids of entries, telec notifications those of notifications',
  });
}
