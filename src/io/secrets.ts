/**
 * Keeps secrets out of what is written and shown: passwords inside URLs by shape, known secrets by value.
 * Never decides what a secret is worth; too much masked is fine, too little is not.
 */

const MASK = '***';
/** `scheme://user:password@` and `scheme://token@`; the user of the first form stays readable. */
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'<>]*)@/gi;
const QUERY_SECRET = /([?&](?:password|passwd|token|secret|key|access_token|auth)=)[^&#\s"'<>]+/gi;
const SECRET_NAME = /TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE_?KEY/i;
/** A shorter value would blank out half of an ordinary text. */
const SECRET_LENGTH_MIN = 6;

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

/** A function that masks the given values, as they are and as JSON writes them, and the passwords of URLs. */
export function scrubber(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SECRET_LENGTH_MIN) continue;
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) forms.add(form);
  }
  // The longest first: a secret that contains another is masked whole.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const form of ordered) clean = clean.split(form).join(MASK);
    return maskUrls(clean);
  };
}

/** The values of an environment that are secrets by their name, and the passwords inside its URLs. */
export function secretsOf(env: Record<string, string | undefined>): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!value) continue;
    if (SECRET_NAME.test(name)) found.push(value);
    const password = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]*:([^\s/?#]+)@/i.exec(value)?.[1];
    if (password) found.push(password);
  }
  return found;
}
