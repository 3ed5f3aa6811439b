import type { WebSocket } from 'ws';
import { WIRE_VERSION } from '../wire/messages.ts';
import type { ForeignMessage } from './foreign.ts';
import { readForeign } from './foreign.ts';
import type { Hub } from './hub.ts';

/** Actors of one publisher that are told to be gone when it is. */
const MAX_ACTORS = 1_000;

/** What taking messages from a client needs. */
export interface PublisherOptions {
  readonly ws: WebSocket;
  readonly hub: Hub;
  /** Of the ids of its actors. */
  readonly prefix: string;
  readonly clock: { wallTime(): number };
  /** Something that it sent was no message. */
  readonly onRejected: () => void;
}

/** Takes messages of `@statelyai/inspect`. What is none is counted; binary data end the connection. The end of it stops the actors it told of. */
export function servePublisher({ ws, hub, prefix, clock, onRejected }: PublisherOptions): void {
  const living = new Map<string, ForeignMessage & { readonly type: '@xstate.actor' | '@xstate.snapshot' }>();

  ws.on('message', (data, isBinary) => {
    if (isBinary) {
      ws.close(1003, 'send text');
      return;
    }
    const message = readForeign(String(data), prefix);
    if (message === null) {
      onRejected();
      return;
    }
    hub.publish(message);
    if (message.type === '@xstate.event') return;
    const { sessionId, snapshot } = message;
    if (snapshot.status !== 'active') living.delete(sessionId);
    else if (message.type === '@xstate.actor' || living.has(sessionId)) living.set(sessionId, message);
    if (living.size > MAX_ACTORS) living.delete(living.keys().next().value!);
  });
  ws.on('close', () => {
    for (const { sessionId, rootId, snapshot } of living.values()) {
      hub.publish({
        type: '@xstate.snapshot',
        id: null,
        sessionId,
        rootId,
        event: { type: 'xstate.stop' },
        snapshot: { ...snapshot, status: 'stopped' },
        createdAt: String(clock.wallTime()),
        _version: WIRE_VERSION,
      });
    }
    living.clear();
  });
}
