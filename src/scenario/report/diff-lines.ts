/** A line of a difference: in both, only in what was expected, or only in what came. */
export interface DiffLine {
  readonly side: 'both' | 'expected' | 'got';
  readonly text: string;
}

/** Longer texts are shown one after the other: nobody reads a difference of that size. */
const MAX_LINES = 400;

/**
 * What is expected and what came, line by line, with what both have in common told once. JSON of more than one value is laid out first, so that
 * a difference deep inside is one line.
 */
export function diffLines(expected: string, got: string): readonly DiffLine[] {
  const [from, to] = [layOut(expected), layOut(got)];
  if (from.length > MAX_LINES || to.length > MAX_LINES) return [...only('expected', from), ...only('got', to)];
  const common = commonLengths(from, to);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < from.length && j < to.length) {
    if (from[i] === to[j]) {
      lines.push({ side: 'both', text: from[i]! });
      i += 1;
      j += 1;
    } else if (common[i + 1]![j]! >= common[i]![j + 1]!) {
      lines.push({ side: 'expected', text: from[i]! });
      i += 1;
    } else {
      lines.push({ side: 'got', text: to[j]! });
      j += 1;
    }
  }
  return [...lines, ...only('expected', from.slice(i)), ...only('got', to.slice(j))];
}

function only(side: DiffLine['side'], lines: readonly string[]): readonly DiffLine[] {
  return lines.map(text => ({ side, text }));
}

/** How many lines the rests from `i` and from `j` on have in common at most (longest common subsequence). */
function commonLengths(from: readonly string[], to: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: from.length + 1 }, () => new Array<number>(to.length + 1).fill(0));
  for (let i = from.length - 1; i >= 0; i -= 1) {
    for (let j = to.length - 1; j >= 0; j -= 1) {
      lengths[i]![j] =
        from[i] === to[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  return lengths;
}

function layOut(text: string): readonly string[] {
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2).split('\n');
    } catch {
      // Begins like JSON and is none.
    }
  }
  return text.split('\n');
}
