import type { CommandContext } from './client.ts';
export async function serve(_context: CommandContext, _ready: (view: { pid: number }) => void): Promise<void> {}
