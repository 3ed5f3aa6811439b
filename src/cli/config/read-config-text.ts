import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { usageError } from '../parse/usage-error.ts';

/** The largest configuration file. */
export const MAX_CONFIG_BYTES = 1 << 20;

/** Reads a regular file of at most 1 MiB as UTF-8 text. Rejects with `USAGE` for everything else; never waits for a FIFO or a device. */
export async function readConfigText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readBounded(path);
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error)) throw error;
    throw usageError('cannot read configuration file', { object: path, expected: 'a file', got: error.message });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError('not a text file', { object: path, expected: 'YAML in UTF-8', got: 'other bytes' });
  }
  // The YAML parser would take most control characters as part of a word (YAML 1.2 §5.1 does not allow them).
  const at = text.search(/[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ud800-\udfff\ue000-\ufffd]/);
  if (at < 0) return text;
  const before = text.slice(0, at).split('\n');
  const code = text.charCodeAt(at).toString(16).padStart(4, '0').toUpperCase();
  throw usageError('control character in configuration file', {
    object: `${path}:${before.length}:${before.at(-1)!.length + 1}`,
    expected: 'text',
    got: `U+${code}`,
  });
}

async function readBounded(path: string): Promise<Uint8Array> {
  // O_NONBLOCK: opening a FIFO without it waits for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) {
      throw usageError('cannot read configuration file', { object: path, expected: 'a regular file' });
    }
    // The file may grow while it is read, and files of /proc say 0: the bound is on what is read, too.
    const buffer = new Uint8Array(Math.min(stat.size, MAX_CONFIG_BYTES) + 1);
    let length = 0;
    while (length < buffer.length && stat.size <= MAX_CONFIG_BYTES) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    const got = stat.size > MAX_CONFIG_BYTES ? `${stat.size} bytes` : 'a file that grows while it is read';
    const expected = `at most ${MAX_CONFIG_BYTES} bytes`;
    throw usageError('configuration file too large', { object: path, expected, got });
  } finally {
    await file.close();
  }
}
