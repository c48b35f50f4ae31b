/** The version a project gives itself, from the manifest at its top; reads nothing but the texts it is given. */

/** Manifests in the order in which they are asked. */
export const MANIFESTS = ['package.json', 'pyproject.toml', 'Cargo.toml'] as const;

/** The version in the text of a manifest, or null when it names none. */
export function versionIn(name: (typeof MANIFESTS)[number], text: string): string | null {
  if (name !== 'package.json') return /^version\s*=\s*["']([^"'\n]{1,100})["']/m.exec(text)?.[1] ?? null;
  try {
    const { version } = (JSON.parse(text) ?? {}) as { version?: unknown };
    return typeof version === 'string' && version !== '' && version.length <= 100 ? version : null;
  } catch {
    return null;
  }
}
