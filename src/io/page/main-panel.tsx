/** Main as it grows: each delivery with its commit, and whether anything was tested. */
import type { DeliveryRow } from '../../actors/live/views.ts';
import { receiptWords } from '../../machines/check-words.ts';
import { type Model, wasTested } from './model.ts';
import { Nothing, Panel } from './panel.tsx';
import { show } from './route.ts';
import { VirtualList } from './virtual-list.tsx';
import { Ago, Commit, Plain } from './words.tsx';

export function MainPanel({ model }: { model: Model }) {
  const { deliveries, status } = model;
  return (
    <Panel id="main" title="Main" aside={<span className="hint">{status.counts.completed} delivered</span>}>
      {deliveries.length === 0 ? (
        <Nothing hint="Each candidate that reaches main is listed here with its receipt.">
          Nothing has been delivered yet.
        </Nothing>
      ) : (
        <VirtualList
          label="Deliveries, the newest first"
          rows={deliveries}
          keyOf={({ entry }) => entry}
          height={46}
          onPick={({ key }) => show({ kind: 'candidate', key })}
        >
          {(row) => <Row row={row} />}
        </VirtualList>
      )}
    </Panel>
  );
}

function Row({ row }: { row: DeliveryRow }) {
  return (
    <div className="delivery" data-key={row.key} data-state="completed">
      <span className="rail" aria-hidden="true" />
      <span className="who">
        <Plain className="slug">{row.slug}</Plain>
        <span className="ref">
          <Commit sha={row.merge_commit} />
          <Proof row={row} />
        </span>
      </span>
      <span className="when hint">
        <Ago at={row.integrated_at} /> ago
      </span>
    </div>
  );
}

/** What the receipt proves of it. */
export function Proof({ row }: { row: Pick<DeliveryRow, 'outcome' | 'receipt'> }) {
  if (row.outcome === 'already_integrated') return <span className="proof">was on main already</span>;
  const tested = wasTested(row);
  if (tested === null) return <span className="proof">no receipt</span>;
  return tested ? (
    <Plain className="proof tested">{receiptWords(row.receipt) ?? 'tested'}</Plain>
  ) : (
    <span className="proof untested">merged, not tested</span>
  );
}
