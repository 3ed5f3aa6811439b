import { createDecoder } from '../../wire/encoded.ts';
import type { Trace } from '../model/trace.ts';

/** Between two tries to connect again, in ms; twice as long each time. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

/** Between two drawings of what comes, in ms. */
const REST_MS = 100;

export type FeedState = 'connecting' | 'open' | 'lost';

/**
 * Fills a trace from the server that the page came from, and goes on when the connection was lost: the server tells everything that it still has from the
 * beginning, so the trace begins anew. `onChange` is called once for all that came in a short while.
 */
export function followFeed(trace: Trace, onChange: (state: FeedState) => void): void {
  const url = new URL('/feed', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  let retryMs = FIRST_RETRY_MS;
  let state: FeedState = 'connecting';
  let isPlanned = false;
  let toldAt = 0;
  const tell = (next: FeedState): void => {
    state = next;
    if (isPlanned) return;
    isPlanned = true;
    // What comes alone is shown at once; of a flood not every drop is drawn.
    const waitMs = Math.max(0, toldAt + REST_MS - performance.now());
    setTimeout(() => {
      isPlanned = false;
      onChange(state);
      toldAt = performance.now();
    }, waitMs);
  };
  const connect = (): void => {
    const socket = new WebSocket(url);
    const decoder = createDecoder();
    socket.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      trace.clear();
      tell('open');
    };
    socket.onmessage = ({ data }) => {
      for (const message of decoder.decodeFrame(String(data))) trace.add(message);
      tell('open');
    };
    socket.onclose = () => {
      tell('lost');
      setTimeout(connect, retryMs);
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
    };
  };
  connect();
}
