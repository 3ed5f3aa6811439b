import type { ChartRow } from './rows.ts';

/** A chart with places: in CSS pixels, from the upper left corner. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Outer ones before those inside them. */
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A state. */
export interface Box extends Rectangle {
  readonly path: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** It is the first of its parent. */
  readonly isInitial: boolean;
  /** It has states inside, which are not shown. */
  readonly isCollapsed: boolean;
  readonly texts: readonly PlacedText[];
}

/** A line of text; `y` is its base line. */
export interface PlacedText {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly size: number;
  readonly text: string;
  readonly role: 'name' | 'work' | 'row' | 'failure';
  /** Of the state's rows, the one that it belongs to. */
  readonly row: ChartRow | null;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arrow between two states, with right angles only. */
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly row: ChartRow;
  readonly points: readonly Point[];
}

/** Sizes that all pictures have in common. */
export const MEASURES = {
  nameSize: 12,
  textSize: 10,
  nameLine: 16,
  textLine: 12,
  boxPadding: 6,
  /** Between a box and what is inside it. */
  nesting: 8,
  /** Between a box and the one below, where the short arrows are. */
  gap: 9,
  /** Longest line of text before it is broken. */
  maxText: 230,
  track: 7,
  gutterPadding: 10,
  arrow: 5,
} as const;
