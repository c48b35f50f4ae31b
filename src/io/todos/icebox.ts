/**
 * `todos/icebox.yaml`: what was planned and rests. Has the shape of the roadmap; a row goes over with all its fields,
 * those that telec does not know too. Pure: texts in, texts out.
 */
import { isAlias, isMap, isSeq, visit, type YAMLMap, type YAMLSeq } from 'yaml';
import { withoutSlug } from './roadmap.ts';
import { readYaml, writeYaml } from './yaml-text.ts';

/** Both texts with the slug's row at the end of `to` instead of in `from`; `to` null for a file that does not exist yet. */
export function withRowCarried(from: string, to: string | null, slug: string): { from: string; to: string } {
  const target = to ?? '# What was planned once and rests.\n[]\n';
  const item = rowIn(from, slug);
  const reading = readYaml('', target);
  if (!item || reading.kind === 'broken') return { from, to: target };
  const { document } = reading;
  if (reading.value === null) document.contents = document.createNode([]) as never;
  const seq = document.contents as unknown;
  if (!isSeq(seq)) return { from, to: target };
  (seq as YAMLSeq).flow = false;
  seq.items.push(item);
  return { from: withoutSlug(from, slug), to: writeYaml(document) };
}

/** The slug's row with the comments in it; what stands above it stays where it is. */
function rowIn(text: string, slug: string): YAMLMap | null {
  const reading = readYaml('', text);
  if (reading.kind === 'broken' || !isSeq(reading.document.contents)) return null;
  const items: unknown[] = reading.document.contents.items;
  const item = items.find((each) => isMap(each) && each.get('slug') === slug);
  if (!isMap(item)) return null;
  if (hasAlias(item)) return reading.document.createNode(item.toJS(reading.document)) as unknown as YAMLMap;
  item.commentBefore = null;
  item.spaceBefore = false;
  return item;
}

function hasAlias(item: YAMLMap): boolean {
  let found = false;
  visit(item, (_key, node) => {
    if (isAlias(node)) found = true;
    return found ? visit.BREAK : undefined;
  });
  return found;
}
