/** Several sessions after one lease, their requests and answers in any order and time: the keeper's promises hold. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLeaseKeeper, type LeaseProof } from '../../src/actors/lease-keeper.ts';
import { handClock } from '../support/simple-clock.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { createStore, type TwinPort } from '../support/twins/store.ts';

const TTL_MS = 9000;
const RENEW_MS = 3000;

/** What a session does next, or how long everybody waits. */
const step = fc.oneof(
  fc.record({ act: fc.constantFrom('acquire', 'release'), who: fc.nat(2) }),
  fc.record({ act: fc.constant('pass'), who: fc.integer({ min: 1, max: 6000 }) }),
);

describe('a lease under every order of requests and answers', () => {
  test('at most one session holds a valid proof, each grant has a higher fence, and the log takes only the newest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { maxLength: 25 }), async (scheduler, steps) => {
        const clock = handClock();
        const store = createStore(clock.now, () => 'log-1');
        const port: TwinPort = {
          clock,
          async perform(name, op) {
            await scheduler.schedule(Promise.resolve(), `${name} goes out`);
            const answer = op();
            await scheduler.schedule(Promise.resolve(), `${name} comes back`);
            return answer;
          },
        };
        const proofs: (LeaseProof | null)[] = [null, null, null];
        const fences: number[] = [];
        const keepers = proofs.map((_, who) =>
          createLeaseKeeper({
            store: openTwinLease(store, port),
            clock,
            sessionId: `s-${who}`,
            makeToken: () => `t-${who}-${fences.length}-${clock.now()}`,
            ttlMs: TTL_MS,
            renewMs: RENEW_MS,
            onLost: () => {
              proofs[who] = null;
            },
          }),
        );
        const busy = new Set<number>();
        const holds = (proof: LeaseProof | null) => {
          try {
            proof?.assertHeld();
            return proof !== null;
          } catch {
            return false;
          }
        };
        const check = () => {
          const holders = proofs.filter(holds);
          expect(holders.length).toBeLessThanOrEqual(1);
          // Who is sure to hold it is who Redis says holds it.
          for (const holder of holders) {
            expect(store.lease?.leaseToken).toBe(holder?.token);
            expect(store.fence).toBe(holder?.fence);
          }
        };
        for (const { act, who } of steps) {
          const keeper = keepers[who];
          if (act === 'pass') await clock.advance(who);
          else if (keeper && !busy.has(who) && (act === 'acquire') === (proofs[who] === null)) {
            busy.add(who);
            const work =
              act === 'acquire'
                ? keeper.acquire(0).then((result) => {
                    if (result.kind !== 'granted') return;
                    proofs[who] = result.proof;
                    expect(fences).not.toContain(result.proof.fence);
                    fences.push(result.proof.fence);
                  })
                : keeper.release().then(() => {
                    proofs[who] = null;
                  });
            void work.finally(() => busy.delete(who));
            if (act === 'release') proofs[who] = null;
          }
          if (scheduler.count() > 0) await scheduler.waitOne();
          await clock.advance(0);
          check();
        }
        while (scheduler.count() > 0) await scheduler.waitOne();
        check();
      }),
      { numRuns: 150 },
    );
  });
});
