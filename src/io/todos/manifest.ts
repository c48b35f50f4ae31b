/** The version a project gives itself, from the manifest at its top; reads nothing but the texts it is given. */

/** Manifests in the order in which they are asked. */
export const MANIFESTS = ['package.json', 'pyproject.toml', 'Cargo.toml'] as const;

/** The lines of the section that speaks of the project: others, as those of dependencies, name versions too. */
const SECTION = {
  'pyproject.toml': /^\[(?:project|tool\.poetry)\][ \t]*\r?\n((?:(?!\[).*\r?\n?)*?)(?=\[|(?![\s\S]))/m,
  'Cargo.toml': /^\[package\][ \t]*\r?\n((?:(?!\[).*\r?\n?)*?)(?=\[|(?![\s\S]))/m,
} as const;

/** The version in the text of a manifest, or null when it names none. */
export function versionIn(name: (typeof MANIFESTS)[number], text: string): string | null {
  if (name !== 'package.json') {
    const body = SECTION[name].exec(text)?.[1] ?? '';
    return /^version[ \t]*=[ \t]*["']([^"'\r\n]{1,100})["']/m.exec(body)?.[1] ?? null;
  }
  try {
    const { version } = (JSON.parse(text) ?? {}) as { version?: unknown };
    return typeof version === 'string' && version !== '' && version.length <= 100 ? version : null;
  } catch {
    return null;
  }
}
