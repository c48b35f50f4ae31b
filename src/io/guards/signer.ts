/**
 * Signing with the ssh key of the integrator, by ssh-keygen. Owns how the key is used and what its public half is; where
 * its path is kept is `server-guard-file.ts`'s. The path is never told: faults speak of "the key".
 *
 * Invariant: nothing here asks for a passphrase or waits for a person; a key that needs one is used through an agent.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { pick } from '../git/environment.ts';

/** Thrown when a fence cannot be signed as it has to be. */
export class SignerFault extends TelecError {
  override name = 'SignerFault';

  constructor(message: string) {
    super('FENCE_UNSIGNED', EXIT.refused, message, {
      hint: 'telec guard install --server --key <the key of the integrator>; with a passphrase, through an ssh agent',
    });
  }
}

const KEYGEN_MS = 15_000;
/** What git signs commits for; the signature is good for nothing else. */
const NAMESPACE = 'git';
/** Name of the integrator in the file of those who may sign. */
const PRINCIPAL = 'telec';
const PUBLIC_KEY = /^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]+/;

/** An armored signature of `payload`, as git keeps it in a commit. Thrown: SignerFault. */
export async function signWith(key: string, payload: Uint8Array | string): Promise<string> {
  const { status, stdout, said } = await keygen(key, ['-q', '-Y', 'sign', '-n', NAMESPACE, '-f', key], payload);
  if (status === 0 && /^-----BEGIN SSH SIGNATURE-----\n[\s\S]+-----END SSH SIGNATURE-----\n$/.test(stdout))
    return stdout;
  throw new SignerFault(`the fence cannot be signed with the key that was set: ${said}`);
}

/** The line that lets the key sign fences, for the file of signers; proven by signing with it. Thrown: SignerFault. */
export async function signerLine(key: string): Promise<string> {
  const line = `${PRINCIPAL} namespaces="${NAMESPACE}" ${await publicKeyOf(key)}\n`;
  const folder = mkdtempSync(join(tmpdir(), 'telec-key-'));
  try {
    const [signers, signature, text] = [join(folder, 'signers'), join(folder, 'signature'), 'telec\n'];
    writeFileSync(signers, line, { mode: 0o600 });
    writeFileSync(signature, await signWith(key, text), { mode: 0o600 });
    const args = ['-Y', 'verify', '-n', NAMESPACE, '-I', PRINCIPAL, '-f', signers, '-s', signature];
    const { status, said } = await keygen(key, args, text);
    if (status !== 0) throw new SignerFault(`the key does not belong to its public half: ${said}`);
    return line;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `<type> <base64>` of a public key file, of the one beside a private key, or made from a private key. */
async function publicKeyOf(key: string): Promise<string> {
  for (const path of [key, `${key}.pub`]) {
    const found = PUBLIC_KEY.exec(textOf(path))?.[0];
    if (found !== undefined) return found;
  }
  const { status, stdout, said } = await keygen(key, ['-y', '-P', '', '-f', key], '');
  const made = status === 0 ? PUBLIC_KEY.exec(stdout)?.[0] : undefined;
  if (made === undefined) throw new SignerFault(`there is no ssh key to be used: ${said}`);
  return made;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function keygen(
  key: string,
  args: string[],
  stdin: Uint8Array | string,
): Promise<{ status: number | null; stdout: string; said: string }> {
  const env = {
    ...pick(process.env, ['PATH', 'HOME', 'TMPDIR', 'SSH_AUTH_SOCK']),
    LC_ALL: 'C',
    // A passphrase is asked of a program that has none, so that nothing waits for a terminal.
    SSH_ASKPASS: 'false',
    SSH_ASKPASS_REQUIRE: 'force',
  };
  return new Promise((resolve) => {
    const child = execFile(
      'ssh-keygen',
      args,
      { env, timeout: KEYGEN_MS, encoding: 'utf8' },
      (error, stdout, stderr) => {
        const missing = error !== null && 'code' in error && error.code === 'ENOENT';
        const words = missing
          ? 'ssh-keygen is not installed'
          : // Of a public key's file ssh-keygen goes on to the private one beside it.
            [`${key}.pub`, key, key.replace(/\.pub$/, '')].reduce(
              (text, path) => text.replaceAll(path, 'the key'),
              stderr,
            );
        const said = words.trim().split('\n').at(-1) || 'ssh-keygen said nothing';
        resolve({ status: error === null ? 0 : (child.exitCode ?? null), stdout, said });
      },
    );
    child.stdin?.on('error', () => {
      // EPIPE: it ended before it read; its status tells the story.
    });
    child.stdin?.end(stdin);
  });
}
