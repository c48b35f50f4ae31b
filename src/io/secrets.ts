/**
 * Keeps secrets out of what is written and shown: passwords inside URLs by shape, known secrets by value.
 * Never decides what a secret is worth; too much masked is fine, too little is not.
 */

const MASK = '***';
/** `scheme://user:password@` and `scheme://token@`; the user of the first form stays readable. */
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/?#"'<>]*)@/gi;
const QUERY_SECRET = /([?&](?:password|passwd|token|secret|key|access_token|auth)=)[^&#\s"'<>]+/gi;
/** Secrets that tell themselves by their form: keys, headers that authorise, tokens of the usual forges and chats. */
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g;
const AUTHORIZATION = /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)[^\s"',;]+/gi;
const TOKENS =
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,})|\/bot\d{5,}:[A-Za-z0-9_-]{20,}/g;
const SECRET_NAME = /TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE_?KEY/i;
/** A shorter value would blank out half of an ordinary text. */
const SECRET_LENGTH_MIN = 6;
/** The user of a URL without a password is a name up to here, and a token from here on. */
const TOKEN_LENGTH_MIN = 16;

/** `text` with the passwords of all URLs in it masked. A user without password is kept only for ssh, where it is no secret. */
export function maskUrls(text: string): string {
  return text
    .replace(URL_CREDENTIALS, (_whole, scheme: string, userinfo: string) => {
      const colon = userinfo.indexOf(':');
      if (colon >= 0) return `${scheme}${userinfo.slice(0, colon)}:${MASK}@`;
      return /ssh/i.test(scheme) ? `${scheme}${userinfo}@` : `${scheme}${MASK}@`;
    })
    .replace(QUERY_SECRET, `$1${MASK}`);
}

/** `text` without what is a secret by its form, URLs included. */
export function maskSecrets(text: string): string {
  return maskUrls(text).replace(PRIVATE_KEY, MASK).replace(AUTHORIZATION, `$1${MASK}`).replace(TOKENS, MASK);
}

/** A function that masks the given values, as they are and as JSON and URLs write them, and what is a secret by its form. */
export function scrubber(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SECRET_LENGTH_MIN) continue;
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), inUrl(secret)]) forms.add(form);
  }
  // The longest first: a secret that contains another is masked whole.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const form of ordered) clean = clean.split(form).join(MASK);
    return maskSecrets(clean);
  };
}

/** As a URL writes it; half a character, which none can write, stays. */
function inUrl(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The values of an environment that are secrets by their name, and the passwords inside its URLs. */
export function secretsOf(env: Record<string, string | undefined>): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!value) continue;
    // A number under such a name is a limit, as in MAX_TOKENS.
    if (SECRET_NAME.test(name) && !/^\d{1,11}$/.test(value)) found.push(value);
    const userinfo = /^(?!ssh)[a-z][a-z0-9+.-]*:\/\/([^\s/?#]*)@/i.exec(value)?.[1];
    if (userinfo !== undefined) found.push(...inUserinfo(userinfo));
  }
  return found;
}

/** The password of a URL, as written and as meant; alone, a name too long for one is a token. */
function inUserinfo(userinfo: string): string[] {
  const colon = userinfo.indexOf(':');
  const written = colon < 0 ? userinfo : userinfo.slice(colon + 1);
  if (written === '' || (colon < 0 && written.length < TOKEN_LENGTH_MIN)) return [];
  try {
    return [...new Set([written, decodeURIComponent(written)])];
  } catch {
    return [written];
  }
}
