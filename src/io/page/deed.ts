/** Doing something at the daemon from a component: one at a time, and what was refused is said. */
import { useState } from 'react';
import { Refused, sentenceOf } from './api.ts';
import { update } from './store.ts';

interface Deed {
  busy: boolean;
  fault: string | null;
  /** Does it; true when it was done, which `told` then says (null: the change itself says it). */
  run(deed: () => Promise<unknown>, told: string | null): Promise<boolean>;
}

export function useDeed(): Deed {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const run = async (deed: () => Promise<unknown>, told: string | null) => {
    setBusy(true);
    setFault(null);
    try {
      await deed();
      if (told !== null) update({ notice: { text: told, tone: 'good', at: Date.now() } });
      return true;
    } catch (error) {
      const text = sentenceOf(error);
      setFault(text);
      if (error instanceof Refused && error.status === 401)
        update({ connection: { kind: 'signed_out', why: 'wrong_token' } });
      else update({ notice: { text, tone: 'bad', at: Date.now() } });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, run };
}
