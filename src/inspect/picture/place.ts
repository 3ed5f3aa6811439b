import type { ChartGraph, ChartState } from '../../verify/chart/graph.ts';
import type { Box, PlacedText } from './picture.ts';
import { MEASURES } from './picture.ts';
import type { ChartRow, ChartRows } from './rows.ts';
import { textWidth } from './text-width.ts';

const { nameSize, textSize, nameLine, textLine, boxPadding, nesting, gap, maxText } = MEASURES;

/** A state with its size, and where things lie in it. */
export interface Block {
  readonly state: ChartState;
  readonly width: number;
  readonly height: number;
  readonly texts: readonly PlacedText[];
  readonly children: readonly Block[];
  readonly isInitial: boolean;
  readonly isCollapsed: boolean;
}

/** States below each other in document order, which is the order in which a chart is read: every line of text is alone at its height. */
export function measure(graph: ChartGraph, rows: ChartRows, path: string, collapsed: ReadonlySet<string>): Block {
  const state = graph.states.get(path)!;
  const texts = textsOf(state, rows, isPlainSuccessor(graph, path));
  const isCollapsed = state.children.length > 0 && collapsed.has(path);
  const children = isCollapsed ? [] : state.children.map(child => measure(graph, rows, child, collapsed));
  const head = (texts.at(-1)?.y ?? 0) + boxPadding;
  const inside = children.reduce((sum, { height }) => sum + height + gap, 0);
  const parent = state.parent === null ? undefined : graph.states.get(state.parent);
  return {
    state,
    texts,
    children,
    isCollapsed,
    isInitial: parent?.initial === path,
    width: Math.max(
      ...texts.map(({ x, width }) => x + width + boxPadding),
      ...children.map(({ width }) => width + 2 * nesting),
    ),
    height: head + (children.length === 0 ? 0 : inside + nesting - gap + 4),
  };
}

/** Rows that the arrow to the next state says already. */
function isPlainSuccessor(graph: ChartGraph, path: string): (row: ChartRow) => boolean {
  const next = nextOf(graph, path);
  return ({ target, transitions }) =>
    target === next && transitions.every(({ trigger, guard }) => trigger.kind === 'done' && guard === null);
}

/** The state right below it in the picture. */
export function nextOf(graph: ChartGraph, path: string): string | undefined {
  const parent = graph.states.get(path)?.parent ?? null;
  if (parent === null) return undefined;
  const siblings = graph.states.get(parent)!.children;
  return siblings[siblings.indexOf(path) + 1];
}

function textsOf(state: ChartState, rows: ChartRows, isSilent: (row: ChartRow) => boolean): readonly PlacedText[] {
  const texts: PlacedText[] = [];
  let y = boxPadding / 2;
  const add = (text: string, role: PlacedText['role'], row: ChartRow | null): void => {
    const size = role === 'name' ? nameSize : textSize;
    const indent = texts.at(-1)?.row === row && row !== null ? 8 : 0;
    y += role === 'name' ? nameLine : textLine;
    const width = textWidth(text, size, role === 'name');
    texts.push({ x: boxPadding + indent, y: y - 3, width, size, text, role, row });
  };
  add(lastPart(state.path), 'name', null);
  for (const work of rows.worksOf(state)) add(work, 'work', null);
  for (const row of rows.rowsOf(state)) {
    if (isSilent(row)) continue;
    for (const text of broken(row.text)) add(text, row.isFailure ? 'failure' : 'row', row);
  }
  return texts;
}

/** Lines of a text that is too long for one; a single word stays whole. */
function broken(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, textSize) > maxText) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Places a block and all in it; `width` is that of its column. */
export function placeBlock(block: Block, x: number, y: number, width: number): readonly Box[] {
  const { state, texts, children, height, isInitial, isCollapsed } = block;
  const box: Box = {
    path: state.path,
    kind: state.kind,
    isInitial,
    isCollapsed,
    x,
    y,
    width,
    height,
    texts: texts.map(text => ({ ...text, x: x + text.x, y: y + text.y })),
  };
  let top = y + (texts.at(-1)?.y ?? 0) + boxPadding + 4;
  const inner = children.flatMap(child => {
    const placed = placeBlock(child, x + nesting, top, width - 2 * nesting);
    top += child.height + gap;
    return placed;
  });
  return [box, ...inner];
}
