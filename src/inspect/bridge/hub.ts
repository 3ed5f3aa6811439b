import type { Gap } from '../wire/encoded.ts';
import type { WireMessage } from '../wire/messages.ts';
import { createBase } from './base.ts';
import { createScale } from './weigh.ts';

/** How much a hub keeps for who comes late. */
export interface HubLimits {
  readonly messages: number;
  /** Of memory, about; as many again for the actors that messages told of which are no longer kept. */
  readonly bytes: number;
  readonly actors: number;
}

const LIMITS: HubLimits = { messages: 10_000, bytes: 32 * 1024 * 1024, actors: 1_000 };

/** One reader's place in the stream. */
export interface Cursor {
  /**
   * The next message; null when there is none, and then `onNews` is called once when there is. A reader that was too slow gets a gap, and then begins
   * anew.
   */
  next(): WireMessage | Gap | null;
  close(): void;
}

/** What happened so far. */
export interface HubCounters {
  readonly published: number;
  /** Messages that are no longer kept one by one. */
  readonly dropped: number;
  /** Present messages and their memory. */
  readonly kept: number;
  readonly keptBytes: number;
  /** Actors that are kept beside them. */
  readonly actors: number;
}

/** Where messages come together, and from where everybody reads at their own pace. */
export interface Hub {
  /** Takes a message, which must be plain JSON and never change. */
  publish(message: WireMessage): void;
  /** A reader from the beginning: first what the messages that are no longer kept came to, then those that are kept, then what comes. */
  open(onNews: () => void): Cursor;
  readonly counters: HubCounters;
}

/** Makes a {@link Hub}. Memory is bounded: the oldest message goes first, and what it told of an actor or the host is kept. */
export function createHub(limits: Partial<HubLimits> = {}): Hub {
  const { messages: maxMessages, bytes: maxBytes, actors: maxActors } = { ...LIMITS, ...limits };
  const base = createBase(maxActors, maxBytes);
  const weigh = createScale();
  const ring: ({ readonly message: WireMessage; readonly bytes: number } | undefined)[] = [];
  /** Number of the first message in the ring. */
  let first = 0;
  /** Those before it in the array are gone. */
  let head = 0;
  let bytes = 0;
  const idle = new Set<() => void>();

  const drop = (): void => {
    const { message, bytes: freed } = ring[head]!;
    base.take(message, freed);
    bytes -= freed;
    ring[head] = undefined;
    head += 1;
    first += 1;
    if (head < maxMessages) return;
    ring.splice(0, head);
    head = 0;
  };

  return {
    publish(message) {
      const weight = weigh(message);
      ring.push({ message, bytes: weight });
      bytes += weight;
      while (ring.length - head > maxMessages || (bytes > maxBytes && ring.length - head > 1)) drop();
      for (const onNews of [...idle]) {
        idle.delete(onNews);
        onNews();
      }
    },
    open(onNews) {
      let opening: readonly WireMessage[] = base.tell();
      let opened = 0;
      let at = first;
      const begin = (): Gap => {
        const missed = first - at;
        opening = base.tell();
        opened = 0;
        at = first;
        return { type: '@ovs-uplink.gap', missed };
      };
      return {
        next() {
          if (at < first) return begin();
          if (opened < opening.length) return opening[opened++]!;
          opening = [];
          opened = 0;
          const kept = ring[head + at - first];
          if (kept === undefined) {
            idle.add(onNews);
            return null;
          }
          at += 1;
          return kept.message;
        },
        close: () => void idle.delete(onNews),
      };
    },
    get counters() {
      const kept = ring.length - head;
      return { published: first + kept, dropped: first, kept, keptBytes: bytes, actors: base.actorCount };
    },
  };
}
