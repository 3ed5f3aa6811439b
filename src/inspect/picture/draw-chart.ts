import type { ChartGraph } from '../../verify/chart/graph.ts';
import type { Frame } from './columns.ts';
import { heightOf, intoColumns, widthOf } from './columns.ts';
import type { Box, Picture } from './picture.ts';
import { MEASURES } from './picture.ts';
import { type Block, measure, nextOf, placeBlock } from './place.ts';
import { planRoutes, type Wanted } from './route.ts';
import { readRows } from './rows.ts';

/** How a chart is drawn. */
export interface DrawOptions {
  /** What it shall fit into; a landscape page when absent. */
  readonly frame?: Frame;
  /** Paths of states whose insides are not shown. */
  readonly collapsed?: ReadonlySet<string>;
}

const PAGE: Frame = { width: 1600, height: 1000 };
const NOTHING: ReadonlySet<string> = new Set();

/** Places a chart: its states in columns in document order, and an arrow for each row of text. The same chart gives the same picture everywhere. */
export function drawChart(graph: ChartGraph, { frame = PAGE, collapsed = NOTHING }: DrawOptions = {}): Picture {
  const rows = readRows(graph);
  const root = measure(graph, rows, '', NOTHING);
  // The root is shown only where it leads somewhere itself.
  const own: Block[] = root.texts.some(({ row }) => row !== null)
    ? [{ ...root, children: [], height: ownHeight(root) }]
    : [];
  const blocks = [...own, ...graph.states.get('')!.children.map(path => measure(graph, rows, path, collapsed))];
  const columns = intoColumns(blocks, frame);
  const widths = columns.map(widthOf);
  const drafts = columns.map((column, index) => stack(column, 0, 0, widths[index]!));
  const columnOf = new Map(drafts.flatMap((boxes, index) => boxes.map(({ path }) => [path, index] as const)));
  const shown = new Map(drafts.flat().map(box => [box.path, box]));

  const wanted: Wanted[] = [];
  for (const from of shown.values()) {
    for (const row of rows.rowsOf(graph.states.get(from.path)!)) {
      const to = visible(row.target, shown);
      if (to === undefined || (to === from && row.target !== from.path)) continue;
      const text = from.texts.find(each => each.row?.target === row.target);
      const isBelow = nextOf(graph, from.path) === to.path && columnOf.get(from.path) === columnOf.get(to.path);
      wanted.push({ row: text?.row ?? row, from, to, isStraight: isBelow && text === undefined });
    }
  }
  const height = Math.max(...columns.map(heightOf)) - MEASURES.gap;
  const routes = planRoutes(wanted, { columnOf: ({ path }) => columnOf.get(path)!, widths, height });
  const boxes = columns.flatMap((column, index) => stack(column, routes.columnX[index]!, routes.above, widths[index]!));
  const placed = new Map(boxes.map(box => [box.path, box]));
  return {
    width: Math.ceil(routes.width),
    height: Math.ceil(routes.above + height + routes.below),
    boxes,
    lines: routes.draw(({ path }) => placed.get(path)!),
  };
}

function ownHeight({ texts }: Block): number {
  return (texts.at(-1)?.y ?? 0) + MEASURES.boxPadding;
}

function stack(column: readonly Block[], x: number, y: number, width: number): readonly Box[] {
  let top = y;
  return column.flatMap(block => {
    const boxes = placeBlock(block, x, top, width);
    top += block.height + MEASURES.gap;
    return boxes;
  });
}

/** The box of a state, or of the collapsed one that it is in. */
function visible(path: string, shown: ReadonlyMap<string, Box>): Box | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const box = shown.get(at);
    if (box !== undefined) return box;
  }
  return shown.get('');
}
