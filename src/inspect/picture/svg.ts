import { type Box, type Line, MEASURES, type Picture, type PlacedText } from './picture.ts';
import { FONT_FAMILY } from './text-width.ts';

/** Colours of a picture, by what they are for; the second is that on a dark page. */
const COLOURS = {
  page: ['#ffffff', '#14171c'],
  state: ['#ffffff', '#1d222a'],
  compound: ['#eef2fb', '#20283a'],
  border: ['#5b6780', '#7c8aa5'],
  name: ['#10151f', '#f0f3f8'],
  row: ['#273142', '#ccd5e3'],
  work: ['#566377', '#9caac0'],
  failure: ['#a3231f', '#ff9c93'],
  line: ['#3d5a99', '#86a8ee'],
  'failure-line': ['#dd9b98', '#8a4b49'],
} as const;

/** A picture as a file of its own, which follows the theme of its reader. `title` is read out in its place. */
export function renderSvg({ width, height, boxes, lines }: Picture, title: string): string {
  const failing = lines.filter(({ row }) => row.isFailure);
  const plain = lines.filter(({ row }) => !row.isFailure);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="${FONT_FAMILY}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${stylesheet()}</style>`,
    `<defs>${arrowHead('line')}${arrowHead('failure-line')}</defs>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...boxes.map(renderBox),
    ...failing.map(line => renderLine(line, 'failure-line')),
    ...plain.map(line => renderLine(line, 'line')),
    ...boxes.flatMap(({ texts }) => texts.map(renderText)),
    '</svg>\n',
  ].join('\n');
}

function stylesheet(): string {
  const rule = (dark: 0 | 1): string =>
    Object.entries(COLOURS)
      .map(([name, colours]) => `--${name}:${colours[dark]}`)
      .join(';');
  return [
    `:root{${rule(0)}}@media(prefers-color-scheme:dark){:root{${rule(1)}}}`,
    '.page{fill:var(--page)}.state{fill:var(--state);stroke:var(--border)}.compound{fill:var(--compound);stroke:var(--border)}',
    '.final{stroke-width:2.5}.name{fill:var(--name);font-weight:bold}.row{fill:var(--row)}.work{fill:var(--work)}.failure{fill:var(--failure)}',
    '.line,.failure-line{fill:none;stroke:var(--line)}.failure-line{stroke:var(--failure-line)}',
    '.line-head{fill:var(--line)}.failure-line-head{fill:var(--failure-line)}.initial{fill:var(--name)}',
  ].join('');
}

function arrowHead(name: string): string {
  const size = MEASURES.arrow;
  return `<marker id="${name}" viewBox="0 0 ${size} ${size}" refX="${size}" refY="${size / 2}" markerWidth="${size}" markerHeight="${size}" orient="auto"><path class="${name}-head" d="M0 0L${size} ${size / 2}L0 ${size}z"/></marker>`;
}

function renderBox({ x, y, width, height, kind, isInitial, isCollapsed }: Box): string {
  const isCompound = kind === 'compound' || kind === 'parallel';
  const classes = `${isCompound ? 'compound' : 'state'}${kind === 'final' ? ' final' : ''}`;
  const dashes = kind === 'parallel' ? ' stroke-dasharray="5 3"' : '';
  const rectangle = `<rect class="${classes}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="5"${dashes}/>`;
  const initial = isInitial ? `<circle class="initial" cx="${round(x)}" cy="${round(y)}" r="3.5"/>` : '';
  const more = isCollapsed
    ? `<text class="work" x="${round(x + width - 16)}" y="${round(y + 14)}" font-size="11">+</text>`
    : '';
  return rectangle + initial + more;
}

/** Text is pressed into its width, so that it stays in its box also in a wider font. */
function renderText({ x, y, width, size, text, role }: PlacedText): string {
  return `<text class="${role}" x="${round(x)}" y="${round(y)}" font-size="${size}" textLength="${round(width)}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`;
}

function renderLine({ points }: Line, name: string): string {
  return `<path class="${name}" marker-end="url(#${name})" d="${pathOf(points)}"/>`;
}

/** The `d` of a line. */
export function pathOf(points: Line['points']): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
