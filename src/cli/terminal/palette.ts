/** How text is marked for people; every function returns the text unchanged where colour is off. */
export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

const plain = (text: string): string => text;
const sgr = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

/** No colour. */
export const PLAIN: Palette = { good: plain, bad: plain, warn: plain, dim: plain, strong: plain };

/** The sixteen-colour codes of ECMA-48, which every terminal knows. */
export const COLOURED: Palette = {
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warn: sgr(33, 39),
  dim: sgr(2, 22),
  strong: sgr(1, 22),
};

/** Colour only on a terminal that has it, and not with NO_COLOR set to anything but nothing (no-color.org). */
export function choosePalette(isTty: boolean, environment: Readonly<Record<string, string | undefined>>): Palette {
  const refused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return isTty && !refused ? COLOURED : PLAIN;
}

/**
 * Text from the kernel, OVSDB, a file or a probe, made fit for a terminal: control characters (escape sequences, line ends, bidirectional
 * overrides) are shown as `\u{…}`.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    c => `\\u{${c.codePointAt(0)!.toString(16)}}`,
  );
}
