import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { drawChart } from '../../../src/inspect/picture/draw-chart.ts';
import type { Picture, Rectangle } from '../../../src/inspect/picture/picture.ts';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import { readChart } from '../../../src/verify/chart/graph.ts';
import { isWithin } from '../../../src/verify/chart/walk.ts';

const pictureOf = (name: string, options?: Parameters<typeof drawChart>[1]): Picture =>
  drawChart(readChart(CHARTS.find(chart => chart.name === name)!.machine), options);

const PICTURES = CHARTS.flatMap(({ name }) =>
  [
    { frame: 'a page', picture: pictureOf(name) },
    { frame: 'a phone', picture: pictureOf(name, { frame: { width: 390, height: 10_000 } }) },
    { frame: 'a strip', picture: pictureOf(name, { frame: { width: 4000, height: 400 } }) },
  ].map(each => ({ name, ...each })),
);

/** Of a line of text: what its letters take up, which is a bit less than the line. */
function textBoxes({ boxes }: Picture): readonly (Rectangle & { readonly text: string })[] {
  return boxes.flatMap(({ texts }) =>
    texts.map(({ x, y, width, size, text }) => ({ x, y: y - size * 0.8, width, height: size, text })),
  );
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function contains(outer: Rectangle, inner: Rectangle): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

/** The stretches of a line, as thin rectangles. */
function stretches(points: Picture['lines'][number]['points']): readonly Rectangle[] {
  return points.slice(1).map((to, index) => {
    const from = points[index]!;
    return {
      x: Math.min(from.x, to.x),
      y: Math.min(from.y, to.y),
      width: Math.abs(from.x - to.x),
      height: Math.abs(from.y - to.y),
    };
  });
}

describe.each(PICTURES)('the picture of $name on $frame', ({ name, picture }) => {
  const graph = readChart(CHARTS.find(chart => chart.name === name)!.machine);

  it('has every state, each inside the one that it belongs to and beside its neighbours', () => {
    const states = [...graph.states.keys()].filter(path => path !== '');
    expect(picture.boxes.map(({ path }) => path).filter(path => path !== '')).toEqual(states);
    const page = { x: 0, y: 0, width: picture.width, height: picture.height };
    for (const a of picture.boxes) {
      expect(contains(page, a), a.path).toBe(true);
      for (const b of picture.boxes) {
        if (a === b || isWithin(a.path, b.path)) continue;
        if (isWithin(b.path, a.path)) expect(contains(a, b), `${b.path} in ${a.path}`).toBe(true);
        else expect(overlap(a, b), `${a.path} and ${b.path}`).toBe(false);
      }
    }
  });

  it('has no text over another, out of its box, or under a line', () => {
    const texts = textBoxes(picture);
    for (const [index, a] of texts.entries()) {
      for (const b of texts.slice(index + 1)) expect(overlap(a, b), `${a.text} and ${b.text}`).toBe(false);
    }
    for (const box of picture.boxes) {
      for (const text of textBoxes({ ...picture, boxes: [box] })) {
        expect(contains(box, text), `${text.text} in ${box.path}`).toBe(true);
      }
    }
    for (const { from, to, points } of picture.lines) {
      for (const stretch of stretches(points)) {
        for (const text of texts) expect(overlap(stretch, text), `${from} → ${to} and ${text.text}`).toBe(false);
      }
    }
  });

  it('has a line with right angles for each place that a state leads to, from its edge to that of the other', () => {
    const wanted = [...graph.states.values()].flatMap(({ path, transitions }) =>
      [...new Set(transitions.flatMap(({ targets }) => targets))].map(to => `${path} → ${to}`),
    );
    expect(picture.lines.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual(wanted.sort());
    const boxes = new Map(picture.boxes.map(box => [box.path, box]));
    for (const { from, to, points } of picture.lines) {
      for (const stretch of stretches(points)) expect(Math.min(stretch.width, stretch.height)).toBeCloseTo(0);
      expect(isOnEdge(boxes.get(from)!, points[0]!), `start of ${from} → ${to}`).toBe(true);
      expect(isOnEdge(boxes.get(to)!, points.at(-1)!), `end of ${from} → ${to}`).toBe(true);
    }
  });

  it('has no two lines on each other, unless they lead to the same place', () => {
    const all = picture.lines.flatMap(({ to, points }) => stretches(points).map(stretch => ({ to, ...stretch })));
    for (const [index, a] of all.entries()) {
      for (const b of all.slice(index + 1)) {
        if (a.to === b.to) continue;
        const isVertical = a.width === 0 && b.width === 0 && Math.abs(a.x - b.x) < 1;
        const shared = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
        expect(isVertical && shared > 1, `${a.to} and ${b.to} at x ${a.x}`).toBe(false);
      }
    }
  });
});

function isOnEdge({ x, y, width, height }: Rectangle, at: { readonly x: number; readonly y: number }): boolean {
  const isBeside = at.x === x || Math.abs(at.x - x - width) < 0.01;
  const isAbove = at.y === y || Math.abs(at.y - y - height) < 0.01;
  return (isBeside && at.y > y && at.y < y + height) || (isAbove && at.x > x && at.x < x + width);
}

describe('the picture of the largest chart', () => {
  it('can be read without panning at 1600 x 1000: nothing in it is smaller than 10 CSS pixels then', () => {
    const picture = pictureOf('uplink-migration');
    const scale = Math.min(1600 / picture.width, 1000 / picture.height);
    const smallest = Math.min(...picture.boxes.flatMap(({ texts }) => texts.map(({ size }) => size)));
    expect(smallest * scale).toBeGreaterThanOrEqual(10);
  });

  it('is smaller with collapsed states, whose lines end at what is shown', () => {
    const collapsed = new Set(['preparing.standing', 'rollingBack']);
    const picture = pictureOf('uplink-migration', { collapsed });
    const hidden = picture.boxes.filter(({ path }) => [...collapsed].some(one => path.startsWith(`${one}.`)));
    expect(hidden).toEqual([]);
    expect(picture.boxes.find(({ path }) => path === 'rollingBack')).toMatchObject({ isCollapsed: true });
    expect(picture.lines.some(({ from, to }) => from === 'cuttingOver.handingOver' && to === 'rollingBack')).toBe(true);
    expect(picture.width * picture.height).toBeLessThan(pictureOf('uplink-migration').width * 1000);
  });
});

describe('the picture of any machine', () => {
  it('shows parallel states, transitions of the root, and those to a parent, to itself and to what is inside', () => {
    const machine = createMachine({
      id: 'any',
      type: 'parallel',
      on: { RESET: { target: '#one' } },
      states: {
        left: {
          id: 'one',
          initial: 'a',
          states: { a: { on: { GO: 'b', AGAIN: { target: 'a' } } }, b: { on: { UP: '#one' } } },
          on: { INTO: '.b' },
        },
        right: { initial: 'x', states: { x: { after: { 1000: 'y' } }, y: { type: 'final' } } },
      },
    });
    const picture = drawChart(readChart(machine));
    expect(picture.boxes.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      ' parallel',
      'left compound',
      'left.a atomic',
      'left.b atomic',
      'right compound',
      'right.x atomic',
      'right.y final',
    ]);
    expect(picture.lines.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      ' → left',
      'left → left.b',
      'left.a → left.b',
      'left.a → left.a',
      'left.b → left',
      'right.x → right.y',
    ]);
  });
});
