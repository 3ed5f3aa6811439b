import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** A file for people, or of a daemon's state, is never that long. */
export const MAX_FILE_BYTES = 256 * 1024;

/** Text of a file; undefined where it cannot be read, is none, or is too long. Never rejects, and a pipe does not hold it up. */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, NON_BLOCKING);
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > MAX_FILE_BYTES) return undefined;
    const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
      if (bytesRead === 0) return bytes.toString('utf8', 0, length);
      length += bytesRead;
      if (length > MAX_FILE_BYTES) return undefined;
    }
  } catch {
    return undefined;
  }
}

const NON_BLOCKING = constants.O_RDONLY | constants.O_NONBLOCK;
