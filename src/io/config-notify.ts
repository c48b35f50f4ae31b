/**
 * The shape of `notify` in `telec.yaml`: who is told, and where. Tokens and addresses that are secrets stand in the
 * environment; the file only names the variable. Data alone.
 */
import { z } from 'zod';

/** Name of an environment variable; a token written here by mistake is none, and is not repeated in the complaint. */
const variable = () =>
  z
    .string()
    .max(100, 'is longer than 100 characters')
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name of an environment variable');

/** An id of Discord: more digits than a number of YAML holds exactly. */
const snowflake = () =>
  z.preprocess(
    (id) => (typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id),
    z.string('is not exact as a number; write it in quotes').regex(/^\d{1,20}$/, 'is no id of Discord'),
  );

const apiRoot = (example: string) =>
  z
    .string()
    .max(500, 'is longer than 500 characters')
    .refine(isPlainHttpUrl, { error: `is no http(s) URL without user, query and trailing slash, as ${example}` });

function isPlainHttpUrl(text: string): boolean {
  try {
    const url = new URL(text);
    const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    return /^https?:$/.test(url.protocol) && plain && !text.endsWith('/');
  } catch {
    return false;
  }
}

const commandLine = () =>
  z.union(
    [z.string().max(4000).regex(/\S/, 'is empty'), z.array(z.string().max(4000)).min(1, 'names no program').max(100)],
    'is neither a command line nor a list of program and arguments',
  );

const agent = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'is not 1 to 40 of a-z, 0-9, _ and -'),
  enabled: z.boolean().default(true),
  run: commandLine(),
});

const launcher = z.strictObject({
  forums: z.array(snowflake()).min(1, 'names no forum').max(50),
  agents: z
    .array(agent)
    .min(1, 'names no agent')
    // As many buttons as one message holds.
    .max(25, 'is more than 25 agents')
    .refine((agents) => new Set(agents.map(({ name }) => name)).size === agents.length, {
      error: 'names an agent twice',
    }),
});

export const telegramSchema = z.strictObject({
  token_env: variable(),
  chat_id: z.union(
    [z.int(), z.string().regex(/^(-?\d{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$/)],
    'is neither the number of a chat nor @name of a channel',
  ),
  api_root: apiRoot('https://api.telegram.org').default('https://api.telegram.org'),
});

export const discordSchema = z
  .strictObject({
    webhook_env: variable(),
    bot_token_env: variable().optional(),
    launcher: launcher.optional(),
    api_root: apiRoot('https://discord.com/api').default('https://discord.com/api'),
  })
  .refine((discord) => discord.launcher === undefined || discord.bot_token_env !== undefined, {
    path: ['bot_token_env'],
    error: 'is needed by launcher: buttons are answered by a bot',
  });

export const webhookSchema = z.strictObject({ url_env: variable() });

export type DiscordConfig = z.output<typeof discordSchema>;

export type LauncherConfig = z.output<typeof launcher>;

export const notifySchema = z.strictObject({
  telegram: telegramSchema.nullable().default(null).describe('Chat that is told: {token_env, chat_id, api_root?}.'),
  discord: discordSchema
    .nullable()
    .default(null)
    .describe(
      'Channel that is told: {webhook_env, bot_token_env?, launcher?: {forums, agents: [{name, enabled, run}]}}.',
    ),
  webhook: webhookSchema.nullable().default(null).describe('Any program that is told by HTTP POST: {url_env}.'),
});

export type NotifyConfig = z.output<typeof notifySchema>;

/** The environment variables that hold secrets, each with what it opens. */
export function variablesOf({ telegram, discord, webhook }: NotifyConfig): { surface: string; variable: string }[] {
  const all = [
    { surface: 'telegram', variable: telegram?.token_env },
    { surface: 'discord', variable: discord?.webhook_env },
    { surface: 'launcher', variable: discord?.launcher ? discord.bot_token_env : undefined },
    { surface: 'webhook', variable: webhook?.url_env },
  ];
  return all.flatMap(({ surface, variable }) => (variable === undefined ? [] : [{ surface, variable }]));
}

/** The values of those variables, and of those that are addresses the parts nobody may see. */
export function notifySecrets(notify: NotifyConfig, env: Record<string, string | undefined>): string[] {
  const bot = notify.discord?.bot_token_env;
  const variables = [...variablesOf(notify).map(({ variable }) => variable), ...(bot === undefined ? [] : [bot])];
  return [...new Set(variables)].flatMap((variable) => {
    const value = env[variable]?.trim();
    if (!value) return [];
    const parts = /^https?:\/\//i.test(value) ? pathSecrets(value) : [];
    return [value, ...parts];
  });
}

/** What of an address a client may name apart from the rest: its path, and each long part of that. */
function pathSecrets(address: string): string[] {
  try {
    const { pathname, search } = new URL(address);
    const parts = [...pathname.split('/'), ...new URLSearchParams(search).values()];
    return [...(pathname.length > 8 ? [pathname + search] : []), ...parts.filter((part) => part.length >= 16)];
  } catch {
    return [];
  }
}
