import type { RunEvent } from './run.ts';

/** The oldest events are dropped beyond this many when nobody reads them; a run of a healthy host has about 60. */
const MAX_KEPT = 10_000;

/** The events of a run: kept from the start, for readers that come late, until `close`. */
export interface EventLog extends AsyncIterable<RunEvent> {
  push(event: RunEvent): void;
  close(): void;
  /** How many were dropped because the log was full. */
  dropped(): number;
}

/** Makes an empty log. */
export function createEventLog(): EventLog {
  const events: RunEvent[] = [];
  const waiting = new Set<() => void>();
  let isClosed = false;
  let dropped = 0;
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  return {
    push(event) {
      if (isClosed) return;
      events.push(event);
      if (events.length > MAX_KEPT) {
        events.shift();
        dropped += 1;
      }
      wake();
    },
    close() {
      isClosed = true;
      wake();
    },
    dropped: () => dropped,
    async *[Symbol.asyncIterator]() {
      for (let next = 0; ; ) {
        const event = events[next - dropped] ?? (next < dropped ? events[0] : undefined);
        if (event !== undefined) {
          next = Math.max(next, dropped) + 1;
          yield event;
        } else if (isClosed) return;
        else await new Promise<void>(resolve => waiting.add(resolve));
      }
    },
  };
}
