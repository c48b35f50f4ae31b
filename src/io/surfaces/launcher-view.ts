/**
 * How the launcher looks: a message with one button for every enabled agent, made from the configuration alone.
 *
 * Invariant: nothing is imported here, so that nothing has to be loaded for it, whenever it is asked for: a client that is
 * slow to load once kept the buttons away when the bot got ready.
 */

/** As they are configured. */
export interface LauncherAgent {
  name: string;
  enabled: boolean;
}

/** A message of Discord with rows of buttons. */
export interface LauncherView {
  content: string;
  components: { type: 1; components: { type: 2; style: 1; label: string; custom_id: string }[] }[];
  allowed_mentions: { parse: [] };
}

export const LAUNCHER_TITLE = 'Start a session';
const ACTION_ROW = 1;
const BUTTON = 2;
const PRIMARY = 1;
/** Buttons that one row holds. */
const ROW_MAX = 5;
const PREFIX = 'launch:';

/** The message with a button for each enabled agent, in their order. Pure, and equal for equal agents. */
export function buildSessionLauncherView(agents: readonly LauncherAgent[]): LauncherView {
  const buttons = agents
    .filter(({ enabled }) => enabled)
    .map(({ name }) => ({
      type: BUTTON as 2,
      style: PRIMARY as 1,
      label: name.charAt(0).toUpperCase() + name.slice(1),
      custom_id: `${PREFIX}${name}`,
    }));
  const rows = Array.from({ length: Math.ceil(buttons.length / ROW_MAX) }, (_, row) => ({
    type: ACTION_ROW as 1,
    components: buttons.slice(row * ROW_MAX, (row + 1) * ROW_MAX),
  }));
  const content = buttons.length === 0 ? `**${LAUNCHER_TITLE}**: no agent is enabled` : `**${LAUNCHER_TITLE}**`;
  return { content, components: rows, allowed_mentions: { parse: [] } };
}

/** The agent that a button of the launcher stands for; null for a button of somebody else. */
export function pressedAgent(customId: unknown): string | null {
  if (typeof customId !== 'string' || !customId.startsWith(PREFIX)) return null;
  return customId.slice(PREFIX.length);
}
