import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** A file for people, or of a daemon's state, is never that long. */
const MAX_FILE_BYTES = 256 * 1024;

const NON_BLOCKING = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Text of a file; undefined where it cannot be read, is none, or has more than `maxBytes`. Never rejects, and a pipe in its place does not hold
 * it up. Not by what stat says: files of /proc have no size.
 */
export async function readSmallFile(path: string, maxBytes: number = MAX_FILE_BYTES): Promise<string | undefined> {
  try {
    await using file = await open(path, NON_BLOCKING);
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > maxBytes) return undefined;
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
      if (bytesRead === 0) return bytes.toString('utf8', 0, length);
      length += bytesRead;
      if (length > maxBytes) return undefined;
    }
  } catch {
    return undefined;
  }
}
