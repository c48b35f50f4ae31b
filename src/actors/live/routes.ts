/** The routes of those who watch: the whole of one look, now or then, and the places of the log. */
import { z } from 'zod';
import { entry, type Route, route } from '../route.ts';

export const LIVE_ROUTES: readonly Route[] = [
  route(
    'GET',
    '/v1/overview',
    'all that one look needs, now or as it was at an entry',
    z.strictObject({ at: entry('As it was at this entry; `0`: before the first').optional() }),
    async ({ client }, { at }) => (await client.live()).overview(at),
  ),
  route(
    'GET',
    '/v1/moment',
    'the place of an entry by its number',
    z.strictObject({
      index: z
        .string()
        .regex(/^\d{1,15}$/, 'is no number from 0')
        .describe('Number of the entry; 0: before the first, above the end: the end'),
    }),
    async ({ client }, { index }) => (await client.live()).moment(Number(index)),
  ),
];
