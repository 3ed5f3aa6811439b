import { MEASURES } from './picture.ts';
import type { Block } from './place.ts';

/** What a picture has to fit into, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
}

/** Roughly the width of a gutter, before it is known how many lines run there. */
const GUTTER = 60;
const MAX_COLUMNS = 12;

/** The blocks in columns, in their order, so that the picture can be shown as large as possible in its frame. */
export function intoColumns(blocks: readonly Block[], frame: Frame): readonly (readonly Block[])[] {
  let best: readonly (readonly Block[])[] = [blocks];
  let largest = 0;
  for (let count = 1; count <= Math.min(MAX_COLUMNS, blocks.length); count += 1) {
    const columns = partition(blocks, count);
    const width = columns.reduce((sum, column) => sum + widthOf(column) + GUTTER, GUTTER);
    const scale = Math.min(frame.width / width, frame.height / Math.max(...columns.map(heightOf)));
    if (scale > largest) {
      largest = scale;
      best = columns;
    }
  }
  return best;
}

export function widthOf(column: readonly Block[]): number {
  return Math.max(...column.map(({ width }) => width));
}

export function heightOf(column: readonly Block[]): number {
  return column.reduce((sum, { height }) => sum + height + MEASURES.gap, 0);
}

/** At most so many columns, the highest as low as can be. */
function partition(blocks: readonly Block[], count: number): readonly (readonly Block[])[] {
  const heights = blocks.map(({ height }) => height + MEASURES.gap);
  let low = Math.max(...heights);
  let high = heights.reduce((sum, height) => sum + height, 0);
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (fill(blocks, middle).length <= count) high = middle;
    else low = middle;
  }
  return fill(blocks, high);
}

function fill(blocks: readonly Block[], limit: number): readonly (readonly Block[])[] {
  const columns: Block[][] = [];
  let height = Number.POSITIVE_INFINITY;
  for (const block of blocks) {
    height += block.height + MEASURES.gap;
    if (height > limit) {
      columns.push([]);
      height = block.height + MEASURES.gap;
    }
    columns.at(-1)!.push(block);
  }
  return columns;
}
