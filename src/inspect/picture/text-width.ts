/** Widths of the printable ASCII characters from the space on, in thousandths of the font size, of Helvetica and what is made like it (its AFM file). */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];
const FIRST = 32;
/** Arrows, and letters of other scripts. */
const OTHER = 1000;
/** So much wider is its bold face, at most. */
const BOLD = 1.1;

/** Width of a line of text in the fonts of {@link FONT_FAMILY}, in the unit of the size. */
export function textWidth(text: string, size: number, bold = false): number {
  let sum = 0;
  for (const character of text) sum += WIDTHS[character.charCodeAt(0) - FIRST] ?? OTHER;
  return ((sum * size) / 1000) * (bold ? BOLD : 1);
}

/** Fonts with these widths; where there is none of them, the picture presses the text of another into its place. */
export const FONT_FAMILY = "Arial, 'Liberation Sans', Helvetica, sans-serif";
