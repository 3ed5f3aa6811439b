import type { Duplex } from 'node:stream';
import { createJsonFramer } from './json-framer.ts';

/** Why a session ended. */
export interface SessionEnd {
  readonly kind: 'closed' | 'malformed' | 'too-large' | 'silent' | 'local';
  /** In words, without a full stop. */
  readonly text: string;
}

/** What became of a request; exactly one per request. */
export type JsonRpcReply =
  | { readonly kind: 'result'; readonly result: unknown }
  /** The peer's `error` member. */
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'ended'; readonly end: SessionEnd }
  /** Not sent: {@link JsonRpcOptions.maxInFlight} requests are unanswered. */
  | { readonly kind: 'busy' }
  /** Not sent: longer than the bound on messages. */
  | { readonly kind: 'too-large'; readonly bytes: number };

export interface JsonRpcOptions {
  readonly maxMessageBytes: number;
  /** Bound on unanswered requests; more are answered `busy` at once. */
  readonly maxInFlight: number;
  readonly onNotification?: (method: string, params: readonly unknown[]) => void;
  /** Called once, before the pending requests are told. */
  readonly onEnd?: (end: SessionEnd) => void;
  /** After this long without a byte an `echo` goes out; as long again without a byte ends the session. 0: never. */
  readonly probeMs?: number;
  /** True while silence means nothing: the peer is busy with a long answer. */
  readonly mayBeSilent?: () => boolean;
}

/** JSON-RPC 1.0 (as RFC 7047 §4 and OVS's unixctl use it) over one connected stream. */
export interface JsonRpcSession {
  /**
   * Sends a request. `onReply` is called synchronously while the message is read, so that a notification that follows
   * in the same chunk is handled after it. Returns the id, for {@link forget} and for RFC 7047 `cancel`.
   */
  request(method: string, params: readonly unknown[], onReply: (reply: JsonRpcReply) => void): number;
  notify(method: string, params: readonly unknown[]): void;
  /** Drops the reply to a request when it comes. */
  forget(id: number): void;
  /** Ends the session; idempotent. */
  close(end?: SessionEnd): void;
  readonly inFlight: number;
  readonly ended: SessionEnd | undefined;
  readonly counters: {
    readonly messages: number;
    readonly bytes: number;
    readonly busy: number;
    readonly late: number;
  };
}

/** Starts a session on a connected stream; the session owns the stream from then on. */
export function createJsonRpcSession(stream: Duplex, options: JsonRpcOptions): JsonRpcSession {
  const pending = new Map<number, (reply: JsonRpcReply) => void>();
  const counters = { messages: 0, bytes: 0, busy: 0, late: 0 };
  let nextId = 0;
  let ended: SessionEnd | undefined;
  let heard = true;
  let probing = false;

  const framer = createJsonFramer({ maxMessageBytes: options.maxMessageBytes, onMessage: handle });
  const probe =
    options.probeMs === undefined || options.probeMs === 0 ? undefined : setInterval(checkSilence, options.probeMs);

  function checkSilence(): void {
    if (heard || options.mayBeSilent?.() === true) {
      heard = false;
      probing = false;
    } else if (probing) {
      close({ kind: 'silent', text: `nothing heard for ${2 * (options.probeMs ?? 0)} ms, not even an echo` });
    } else {
      probing = true;
      request('echo', [], () => {});
    }
  }

  function close(end: SessionEnd = { kind: 'local', text: 'closed by this side' }): void {
    if (ended !== undefined) return;
    ended = end;
    clearInterval(probe);
    framer.stop();
    stream.destroy();
    options.onEnd?.(end);
    const waiting = [...pending.values()];
    pending.clear();
    for (const onReply of waiting) onReply({ kind: 'ended', end });
  }

  function send(message: string): void {
    stream.write(message);
  }

  function handle(text: string): void {
    counters.messages++;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch (error) {
      close({ kind: 'malformed', text: `not JSON: ${error instanceof Error ? error.message : String(error)}` });
      return;
    }
    const { id, method, params, result, error } = message as Record<string, unknown>;
    if (typeof method === 'string') {
      if (!Array.isArray(params)) close({ kind: 'malformed', text: `"${method}" without a params array` });
      else if (id === null || id === undefined) options.onNotification?.(method, params);
      else if (method === 'echo') send(JSON.stringify({ id, result: params, error: null }));
      else send(JSON.stringify({ id, result: null, error: 'unknown method' }));
      return;
    }
    if (result === undefined && error === undefined) {
      close({ kind: 'malformed', text: 'a message with neither method, result nor error' });
      return;
    }
    const onReply = typeof id === 'number' ? pending.get(id) : undefined;
    if (onReply === undefined) {
      if (typeof id === 'number' && id < nextId) counters.late++;
      else close({ kind: 'malformed', text: `a reply to a request that was never made, id ${JSON.stringify(id)}` });
      return;
    }
    pending.delete(id as number);
    if (error !== null && error !== undefined) onReply({ kind: 'error', error });
    else onReply({ kind: 'result', result });
  }

  function request(method: string, params: readonly unknown[], onReply: (reply: JsonRpcReply) => void): number {
    const id = nextId++;
    if (ended !== undefined) {
      onReply({ kind: 'ended', end: ended });
    } else if (pending.size >= options.maxInFlight && method !== 'echo') {
      counters.busy++;
      onReply({ kind: 'busy' });
    } else {
      const message = JSON.stringify({ id, method, params });
      // UTF-8 is at least as long as the string and at most three times: measure only when it may matter.
      const bytes = message.length * 3 > options.maxMessageBytes ? Buffer.byteLength(message) : message.length;
      if (bytes > options.maxMessageBytes) {
        onReply({ kind: 'too-large', bytes });
      } else {
        pending.set(id, onReply);
        send(message);
      }
    }
    return id;
  }

  stream.on('data', (chunk: Buffer) => {
    heard = true;
    counters.bytes += chunk.length;
    const fault = framer.push(chunk);
    if (fault !== undefined) close({ kind: fault.kind, text: fault.text });
  });
  let reason = 'the other side closed the connection';
  stream.on('error', error => {
    reason = error.message;
  });
  stream.on('end', () => stream.end());
  stream.on('close', () => close({ kind: 'closed', text: reason }));

  return {
    request,
    notify(method, params) {
      if (ended === undefined) send(JSON.stringify({ id: null, method, params }));
    },
    forget(id) {
      pending.delete(id);
    },
    close,
    get inFlight() {
      return pending.size;
    },
    get ended() {
      return ended;
    },
    counters,
  };
}
