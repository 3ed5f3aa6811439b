import type { Box, Line, Point } from './picture.ts';
import { MEASURES } from './picture.ts';
import type { ChartRow } from './rows.ts';
import { createTracks, type Tracks } from './tracks.ts';

const { nameLine, boxPadding, track, gutterPadding } = MEASURES;

/** An arrow that is to be drawn, between boxes that are shown. */
export interface Wanted {
  readonly row: ChartRow;
  readonly from: Box;
  readonly to: Box;
  /** To the box right below. */
  readonly isStraight: boolean;
}

/** Where the boxes are: their columns, and heights as if there were no channels. */
export interface Columns {
  columnOf(box: Box): number;
  readonly widths: readonly number[];
  readonly height: number;
}

/** Room that the lines need, and how each of them runs. */
export interface Routes {
  /** Left edge of each column. */
  readonly columnX: readonly number[];
  readonly width: number;
  /** Height of the channel above the columns, and of that below. */
  readonly above: number;
  readonly below: number;
  /** Draws the lines between boxes that were moved to their places. */
  draw(placed: (box: Box) => Box): readonly Line[];
}

/**
 * Lines leave a box at the height of their text, run along a gutter between two columns, and reach their target at the height of its name. Every
 * text is alone at its height, so no line crosses one. Columns that are no neighbours are connected over a channel above or below all of them.
 */
export function planRoutes(wanted: readonly Wanted[], columns: Columns): Routes {
  const gutters = Array.from({ length: columns.widths.length + 1 }, createGutter);
  const channels = { above: createTracks(), below: createTracks() };
  const plans = wanted.map(line => planLine(line, columns));
  for (const { line, key, leave, enter, channel } of plans) {
    if (line.isStraight) continue;
    const [from, to] = [sourceY(line), targetY(line)];
    if (channel === null) {
      gutters[leave]![sideOf(line, leave, columns)].take(key, from, to);
      continue;
    }
    const edge = channel === 'above' ? -1 : columns.height + 1;
    gutters[leave]![sideOf(line, leave, columns)].take(key, from, edge);
    gutters[enter]!.right.take(key, to, edge);
    channels[channel].take(key, leave, enter);
  }

  const gutterX: number[] = [];
  const columnX: number[] = [];
  let x = 0;
  for (const [index, gutter] of gutters.entries()) {
    gutterX.push(x);
    const lanes = gutter.left.count() + gutter.right.count();
    x += lanes === 0 ? gutterPadding : 2 * gutterPadding + (lanes - 1) * track;
    columnX.push(x);
    x += columns.widths[index] ?? 0;
  }
  columnX.pop();
  const heightOf = (lanes: number): number => gutterPadding + lanes * track;
  const above = heightOf(channels.above.count());
  const laneX = (gutter: number, side: Side, key: string): number => {
    const { left, right } = gutters[gutter]!;
    const lane = side === 'left' ? left.laneOf(key) : left.count() + right.count() - 1 - right.laneOf(key);
    return gutterX[gutter]! + gutterPadding + lane * track;
  };

  return {
    columnX,
    width: x,
    above,
    below: heightOf(channels.below.count()),
    draw: placed =>
      plans.map(({ line, key, leave, enter, channel }): Line => {
        const [from, to] = [placed(line.from), placed(line.to)];
        const ends = { from: from.path, to: to.path, row: line.row };
        if (line.isStraight) {
          const middle = from.x + from.width / 2;
          return { ...ends, points: [at(middle, from.y + from.height), at(middle, to.y)] };
        }
        const start = at(
          leave > columns.columnOf(line.from) ? from.x + from.width : from.x,
          sourceY({ ...line, from }),
        );
        const end = at(enter > columns.columnOf(line.to) ? to.x + to.width : to.x, targetY({ ...line, to }));
        const first = laneX(leave, sideOf(line, leave, columns), key);
        if (channel === null) return { ...ends, points: [start, at(first, start.y), at(first, end.y), end] };
        const last = laneX(enter, 'right', key);
        const lane = gutterPadding / 2 + channels[channel].laneOf(key) * track;
        const y = channel === 'above' ? lane : above + columns.height + lane;
        return { ...ends, points: [start, at(first, start.y), at(first, y), at(last, y), at(last, end.y), end] };
      }),
  };
}

/** Lanes of a gutter, each counted from its side: lines that come back to the same column stay near to it. */
interface Gutter {
  readonly left: Tracks;
  readonly right: Tracks;
}

type Side = keyof Gutter;

function createGutter(): Gutter {
  return { left: createTracks(), right: createTracks() };
}

function sideOf({ from, to }: Wanted, gutter: number, { columnOf }: Columns): Side {
  return columnOf(from) === columnOf(to) && columnOf(from) < gutter ? 'left' : 'right';
}

interface Plan {
  readonly line: Wanted;
  /** Lines with the same key share their lanes: those to the same box from the same side. */
  readonly key: string;
  /** Gutters, by the column to the right of them. */
  readonly leave: number;
  readonly enter: number;
  readonly channel: 'above' | 'below' | null;
}

function planLine(line: Wanted, { columnOf, height }: Columns): Plan {
  const [a, b] = [columnOf(line.from), columnOf(line.to)];
  const isForward = a === b ? targetY(line) > sourceY(line) : b > a;
  const leave = isForward ? a + 1 : a;
  const enter = a === b ? leave : isForward ? b : b + 1;
  const channel = leave === enter ? null : sourceY(line) + targetY(line) < height ? 'above' : 'below';
  return { line, key: `${line.to.path} ${enter} ${channel} ${leave}`, leave, enter, channel };
}

function sourceY({ from, row }: Wanted): number {
  const text = from.texts.find(candidate => candidate.row === row);
  return text === undefined ? from.y + from.height - boxPadding : text.y - text.size * 0.35;
}

function targetY({ to }: Wanted): number {
  return to.y + boxPadding / 2 + nameLine / 2;
}

function at(x: number, y: number): Point {
  return { x, y };
}
