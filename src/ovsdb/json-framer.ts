import { constants } from 'node:buffer';

/** Default bound on one message, in bytes. The Open_vSwitch database of 100,000 ports is about 50 MB on the wire. */
export const DEFAULT_MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** Bound on the nesting of one message; OVSDB needs about ten levels, ovsdb-server itself stops at 1000. */
export const MAX_NESTING = 200;
/** A message that is kept longer than this is not worth keeping its buffer for. */
const KEEP_BUFFER_BYTES = 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Why a byte stream is not a row of JSON objects. */
export interface FramingFault {
  readonly kind: 'malformed' | 'too-large';
  readonly text: string;
}

/** Cuts a byte stream into JSON objects. */
export interface JsonFramer {
  /** Takes the next bytes and calls `onMessage` for each object that they complete. A fault is final: every later call returns it. */
  push(chunk: Buffer): FramingFault | undefined;
  /** Ignores everything from now on, also the rest of the chunk that is being pushed. */
  stop(): void;
  /** Bytes of the message that is not complete yet. */
  readonly pendingBytes: number;
}

/**
 * Makes a framer. Messages follow each other with or without white space (ovsdb-server writes none), so their end is
 * found by counting braces; strings, where braces do not count, are skipped with `indexOf`, which is twice as fast as
 * looking at each byte. What is inside is left to JSON.parse.
 */
export function createJsonFramer(options: {
  readonly maxMessageBytes?: number;
  readonly onMessage: (text: string) => void;
}): JsonFramer {
  const limit = Math.min(options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES, constants.MAX_STRING_LENGTH);
  let held: Buffer = Buffer.alloc(0);
  let heldBytes = 0;
  let depth = 0;
  let inString = false;
  /** The bytes so far end in an odd number of backslashes: what comes next is escaped. */
  let escaped = false;
  let stopped = false;
  let fault: FramingFault | undefined;

  function hold(part: Buffer): void {
    const needed = heldBytes + part.length;
    if (needed > held.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, held.length * 2), Math.max(limit, needed)));
      held.copy(larger, 0, 0, heldBytes);
      held = larger;
    }
    part.copy(held, heldBytes);
    heldBytes = needed;
  }

  function fail(kind: FramingFault['kind'], text: string): FramingFault {
    fault = { kind, text };
    held = Buffer.alloc(0);
    heldBytes = 0;
    return fault;
  }

  /** Skips to the end of the string or of the chunk; returns where to go on. */
  function skipString(chunk: Buffer, from: number): number {
    const found = chunk.indexOf(QUOTE, from);
    const stop = found === -1 ? chunk.length : found;
    let run = stop;
    while (run > from && chunk[run - 1] === BACKSLASH) run--;
    const odd = ((stop - run) & 1) === 1;
    const quoteIsEscaped = run === from && escaped ? !odd : odd;
    if (found === -1) {
      escaped = quoteIsEscaped;
      return stop;
    }
    escaped = false;
    if (!quoteIsEscaped) inString = false;
    return stop + 1;
  }

  function emit(chunk: Buffer, start: number, end: number): FramingFault | undefined {
    if (heldBytes + end - start > limit) return fail('too-large', `more than ${limit} bytes in one message`);
    let text: string;
    if (heldBytes === 0) {
      text = chunk.toString('utf8', start, end);
    } else {
      hold(chunk.subarray(start, end));
      text = held.toString('utf8', 0, heldBytes);
      heldBytes = 0;
      if (held.length > KEEP_BUFFER_BYTES) held = Buffer.alloc(0);
    }
    options.onMessage(text);
    return undefined;
  }

  return {
    get pendingBytes() {
      return heldBytes;
    },
    stop() {
      stopped = true;
      held = Buffer.alloc(0);
      heldBytes = 0;
    },
    push(chunk) {
      if (fault !== undefined) return fault;
      let start = 0;
      let at = 0;
      while (at < chunk.length && !stopped) {
        if (inString) {
          at = skipString(chunk, at);
          continue;
        }
        const byte = chunk[at++];
        switch (byte) {
          case QUOTE:
            if (depth === 0) return fail('malformed', 'a string outside of an object');
            inString = true;
            break;
          case 0x7b: // {
          case 0x5b: // [
            if (depth === 0) {
              if (byte === 0x5b) return fail('malformed', 'a message that is not an object');
              start = at - 1;
            }
            if (++depth > MAX_NESTING) return fail('malformed', `nested deeper than ${MAX_NESTING}`);
            break;
          case 0x7d: // }
          case 0x5d: // ]
            if (depth === 0) return fail('malformed', 'a closing bracket outside of an object');
            if (--depth === 0) {
              const failed = emit(chunk, start, at);
              if (failed !== undefined) return failed;
            }
            break;
          default:
            // White space may stand between messages: space, \n, \r, \t (RFC 8259 §2).
            if (depth === 0 && byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
              return fail('malformed', `byte 0x${byte?.toString(16)} between messages`);
            }
        }
      }
      if (depth > 0 && !stopped) {
        if (heldBytes + chunk.length - start > limit) {
          return fail('too-large', `more than ${limit} bytes in one message`);
        }
        hold(chunk.subarray(start));
      }
      return undefined;
    },
  };
}
