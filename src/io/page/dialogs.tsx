/** Confirmation before anything is done: hold, unhold, resume, each asking for its reason; and the list of keys. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { deeds } from './api.ts';
import { useDeed } from './deed.ts';
import { type DialogName, update, useStore } from './store.ts';
import { Plain } from './words.tsx';

const close = () => update({ dialog: null });

export function Dialogs() {
  const dialog = useStore((state) => state.dialog);
  return dialog && <Inside dialog={dialog} />;
}

function Inside({ dialog }: { dialog: DialogName }) {
  switch (dialog.kind) {
    case 'hold':
      return <HoldDialog />;
    case 'unhold':
      return <UnholdDialog />;
    case 'resume':
      return <ResumeDialog candidateKey={dialog.key} />;
    case 'keys':
      return <KeysDialog />;
  }
}

function Modal({ title, children }: { title: string; children: ReactNode }) {
  const frame = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    frame.current?.showModal();
  }, []);
  return (
    <dialog ref={frame} aria-labelledby="dialog-title" onClose={close}>
      <h2 id="dialog-title" className="dialog-title">
        {title}
      </h2>
      {children}
    </dialog>
  );
}

interface FormProps {
  title: string;
  deed: string;
  busy: boolean;
  fault: string | null;
  able: boolean;
  onDo(): void;
  children: ReactNode;
}

function Form({ title, deed, busy, fault, able, onDo, children }: FormProps) {
  return (
    <Modal title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onDo();
        }}
      >
        {children}
        {fault !== null && (
          <p className="fault" role="alert">
            <Plain>{fault}</Plain>
          </p>
        )}
        <p className="buttons end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={busy || !able}>
            {deed}
          </button>
        </p>
      </form>
    </Modal>
  );
}

function Reason({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  return (
    <label className="form-row">
      <span>{label}</span>
      <textarea rows={2} maxLength={1000} value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

const given = (text: string): string | null => (text.trim() === '' ? null : text.trim());

const HOUR_MS = 3_600_000;
const TIMES: [label: string, ms: number | null][] = [
  ['until lifted', null],
  ['15 minutes', HOUR_MS / 4],
  ['1 hour', HOUR_MS],
  ['4 hours', 4 * HOUR_MS],
  ['1 day', 24 * HOUR_MS],
];

function HoldDialog() {
  const [reason, setReason] = useState('');
  const [time, setTime] = useState(0);
  const [busyMain, setBusyMain] = useState(false);
  const { busy, fault, run } = useDeed();
  const hold = async () => {
    const question = { reason: given(reason), for_ms: TIMES[time]?.[1] ?? null, main_busy: busyMain };
    if (await run(() => deeds.hold(question), 'Merging is on hold.')) close();
  };
  return (
    <Form
      title="Hold merging?"
      deed="Hold"
      busy={busy}
      fault={fault}
      able={given(reason) !== null}
      onDo={() => void hold()}
    >
      <p>What is in hand goes back to the queue or ends; nothing else is taken until the hold is lifted.</p>
      <Reason label="Why, for everybody who waits" value={reason} onChange={setReason} />
      <label className="form-row">
        <span>How long</span>
        <select value={time} onChange={(event) => setTime(Number(event.target.value))}>
          {TIMES.map(([label], index) => (
            <option key={label} value={index}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input type="checkbox" checked={busyMain} onChange={(event) => setBusyMain(event.target.checked)} />
        <span>Somebody works on main by hand</span>
      </label>
    </Form>
  );
}

function UnholdDialog() {
  const hold = useStore(({ live }) => live?.status.hold ?? null);
  const [reason, setReason] = useState('');
  const { busy, fault, run } = useDeed();
  const halted = hold?.alarm ?? null;
  const unhold = async () => {
    if (await run(() => deeds.unhold(given(reason)), 'Merging goes on.')) close();
  };
  return (
    <Form
      title={halted === null ? 'Let merging go on?' : 'Lift the halt?'}
      deed="Unhold"
      busy={busy}
      fault={fault}
      able={hold !== null && (halted === null || given(reason) !== null)}
      onDo={() => void unhold()}
    >
      {hold ? (
        <blockquote>
          <Plain>{hold.reason || `placed by ${hold.owner}`}</Plain>
          {halted !== null && (
            <p className="hint">
              telec halted by itself: <Plain>{halted}</Plain>
            </p>
          )}
        </blockquote>
      ) : (
        <p>Nothing is on hold any more.</p>
      )}
      <Reason
        label={halted === null ? 'Why, if there is something to say' : 'Why main is right as it is; recorded'}
        value={reason}
        onChange={setReason}
      />
    </Form>
  );
}

function ResumeDialog({ candidateKey }: { candidateKey: string }) {
  const row = useStore(({ live }) => live?.candidates.get(candidateKey) ?? null);
  const [reason, setReason] = useState('');
  const [force, setForce] = useState(false);
  const { busy, fault, run } = useDeed();
  const resume = async () => {
    const question = { slug: candidateKey, force, reason: given(reason) };
    if (await run(() => deeds.resume(question), `${row?.slug ?? 'It'} is resumed.`)) close();
  };
  return (
    <Form
      title="Put it back into the queue?"
      deed="Resume"
      busy={busy}
      fault={fault}
      able={row?.state === 'blocked' && (!force || given(reason) !== null)}
      onDo={() => void resume()}
    >
      <p>
        <Plain className="strong">{candidateKey}</Plain>
      </p>
      {row?.next_action != null && (
        <blockquote>
          <span className="label">Next</span> <Plain>{row.next_action}</Plain>
        </blockquote>
      )}
      <Reason
        label={force ? 'Why it may go on; recorded' : 'Why, if there is something to say'}
        value={reason}
        onChange={setReason}
      />
      {row?.follow_up_slug != null && (
        <label className="check">
          <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} />
          <span>
            Do not ask whether the follow-up <Plain>{row.follow_up_slug}</Plain> is resolved
          </span>
        </label>
      )}
    </Form>
  );
}

const KEYS: [keys: string, what: string][] = [
  ['j k ↓ ↑', 'move in a list'],
  ['Enter', 'open what is marked'],
  ['Esc', 'close what is open'],
  ['/', 'search the log'],
  ['g q', 'to the candidates'],
  ['g i', 'to the integrator'],
  ['g m', 'to main'],
  ['g b', 'to what is blocked'],
  ['g n', 'to the notifications'],
  ['g l', 'to the log'],
  ['[ ]', 'one entry back, one forward'],
  ['0', 'back to now'],
  ['?', 'this list'],
];

function KeysDialog() {
  return (
    <Modal title="Keys">
      <dl className="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="buttons end">
        <button type="button" className="primary" onClick={close}>
          Close
        </button>
      </p>
    </Modal>
  );
}
