import { createHash } from 'node:crypto';

/** Bytes that depend on the key and on the text, and say nothing of either. */
export function keyedHash(key: string, text: string): Buffer {
  return createHash('sha256').update(`${key}\0${text}`).digest();
}
