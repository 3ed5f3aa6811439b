import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type ErrorDetails, isUplinkError, type UplinkError, uplinkError } from '../../errors.ts';

/** Characters that YAML 1.2 §5.1 does not allow, and that its parser takes as part of a word. */
const NOT_TEXT = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ud800-\udfff\ue000-\ufffd]/;

/** The longest of each: a recording has a line for everything that happened. */
const MAX_BYTES = 256 * 1024;
const MAX_RECORDING_BYTES = 8 * 1024 * 1024;

/** Limit on a text of this kind, in characters. */
export function maxLengthOf(text: string): number {
  return /^kind: *["']?Recording\b/m.test(text) ? MAX_RECORDING_BYTES : MAX_BYTES;
}

/**
 * Reads a regular file as UTF-8 text; never waits for a FIFO or a device. Rejects with `USAGE` that begins with `file:line:column`, or, where the file
 * itself is the matter, with the place that names it.
 */
export async function readScenarioText(path: string): Promise<string> {
  const refuse = (what: string, details: Omit<ErrorDetails, 'what'>, line = 1, column = 1): UplinkError =>
    uplinkError('USAGE', { what: `${path}:${line}:${column}: ${what}`, ...details });
  let bytes: Buffer;
  try {
    bytes = await readBounded(path, refuse);
  } catch (error) {
    if (isUplinkError(error) || !(error instanceof Error) || !('code' in error)) throw error;
    throw refuse('cannot read the file', { expected: 'a file that can be read', got: String(error.code) });
  }
  const text = bytes.toString('utf8');
  const at = isUtf8(bytes) ? text.search(NOT_TEXT) : firstBad(text);
  if (at >= 0) {
    const before = text.slice(0, at).split('\n');
    const got = isUtf8(bytes) ? `U+${text.charCodeAt(at).toString(16).padStart(4, '0').toUpperCase()}` : 'other bytes';
    throw refuse('not a text', { expected: 'YAML in UTF-8', got }, before.length, before.at(-1)!.length + 1);
  }
  const most = maxLengthOf(text);
  if (bytes.length > most) throw tooLarge(refuse, most, `${bytes.length} bytes`);
  return text;
}

type Refuse = (what: string, details: Omit<ErrorDetails, 'what'>) => UplinkError;

function tooLarge(refuse: Refuse, most: number, got: string): UplinkError {
  return refuse('too large', { expected: `at most ${most} bytes`, got });
}

function firstBad(text: string): number {
  const control = text.search(NOT_TEXT);
  const replaced = text.indexOf('\ufffd');
  return control < 0 || (replaced >= 0 && replaced < control) ? replaced : control;
}

async function readBounded(path: string, refuse: Refuse): Promise<Buffer> {
  // O_NONBLOCK: opening a FIFO without it waits for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw refuse('cannot read the file', { expected: 'a regular file' });
    if (stat.size > MAX_RECORDING_BYTES) throw tooLarge(refuse, MAX_RECORDING_BYTES, `${stat.size} bytes`);
    // The file may grow while it is read, and files of /proc say 0: the bound is on what is read, too.
    const buffer = Buffer.alloc(Math.max(stat.size, MAX_BYTES) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    throw tooLarge(refuse, buffer.length - 1, 'a file that grows while it is read');
  } finally {
    await file.close();
  }
}
