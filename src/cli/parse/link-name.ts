import { MAX_LINK_NAME_LENGTH } from '../../domain/link.ts';
import { usageError } from './usage-error.ts';

/**
 * Checks a name by the kernel's rule (dev_valid_name, net/core/dev.c): 1 to 15 bytes, not `.` or `..`, no `/`, `:` or
 * white space. Throws `USAGE`.
 */
export function parseLinkName(text: string): string {
  const length = Buffer.byteLength(text);
  const expected = `1 to ${MAX_LINK_NAME_LENGTH} bytes without "/", ":" or white space`;
  const broken = (got: string) => usageError('not an interface name', { expected, got });
  if (length === 0) throw broken(text);
  if (length > MAX_LINK_NAME_LENGTH) {
    throw usageError('interface name too long', { object: text.slice(0, 64), expected, got: `${length} bytes` });
  }
  // OVSDB strings and our own output are text: control characters are refused beyond what the kernel refuses.
  if (text.startsWith('-')) {
    throw usageError('looks like an option', {
      expected: 'an interface name',
      got: text,
      advice: 'was the name forgotten?',
    });
  }
  if (text === '.' || text === '..' || /[\s/:\p{Cc}\p{Cs}]/u.test(text)) throw broken(text);
  return text;
}
