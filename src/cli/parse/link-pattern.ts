import type { LinkPattern } from '../../domain/link-patterns.ts';
import { readLinkPattern } from '../../domain/link-patterns.ts';
import { usageError } from './usage-error.ts';

/** Reads `eth*`, `mac:aa:bb:*`, `path:pci-0000:03:*`, `kind:bond`. Throws `USAGE`, with the form that was probably meant. */
export function parseLinkPattern(text: string): LinkPattern {
  const read = readLinkPattern(text);
  if ('pattern' in read) return read.pattern;
  const { problem, expected, advice } = read;
  throw usageError(problem, { expected, got: text, ...(advice === null ? {} : { advice }) });
}
