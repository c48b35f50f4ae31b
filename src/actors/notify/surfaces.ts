/** The surfaces that the configuration names: opened with their secrets from the environment, or why one cannot be. */
import type { NotifyConfig } from '../../io/config-notify.ts';
import type { Surface } from '../../io/surfaces/surface.ts';
import { openWebhook } from '../../io/surfaces/webhook.ts';

/** All that note how they are; the launcher is no surface of rows. */
export const SURFACE_NAMES = ['telegram', 'discord', 'webhook', 'launcher'] as const;
type SurfaceName = Surface['name'];

/** `fault`: why it stays closed, with its mend, in one sentence. */
export type OpenedSurface = { name: SurfaceName; surface: Surface } | { name: SurfaceName; fault: string };

type Env = Record<string, string | undefined>;

/** All surfaces of `notify`, in the order of their names. Loads the client of a surface only when it is named. */
export async function openSurfaces(notify: NotifyConfig, env: Env): Promise<OpenedSurface[]> {
  const opened: OpenedSurface[] = [];
  const { telegram, discord, webhook } = notify;
  if (telegram) {
    const { openTelegram } = await import('../../io/surfaces/telegram.ts');
    const { token_env: variable, chat_id: chatId, api_root: apiRoot } = telegram;
    opened.push(bySecret('telegram', variable, env, (token) => openTelegram({ token, chatId, apiRoot })));
  }
  if (discord) {
    const { openDiscord } = await import('../../io/surfaces/discord.ts');
    opened.push(bySecret('discord', discord.webhook_env, env, openDiscord));
  }
  if (webhook) opened.push(bySecret('webhook', webhook.url_env, env, openWebhook));
  return opened;
}

function bySecret(
  name: SurfaceName,
  variable: string,
  env: Env,
  open: (secret: string) => Surface | null,
): OpenedSurface {
  const secret = env[variable]?.trim();
  if (!secret) return { name, fault: `${variable} is not set in the environment of the daemon` };
  const surface = open(secret);
  return surface ? { name, surface } : { name, fault: `${variable} holds nothing that ${name} can be told by` };
}
