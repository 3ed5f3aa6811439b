import type { ActorSnapshot, HostMessage, HostView, SnapshotMessage, WireMessage } from './messages.ts';
import { isStatelyMessage } from './messages.ts';
import type { Patch } from './patch.ts';
import { applyPatch, diffValue } from './patch.ts';

/** Messages are missing here; what follows begins anew, with the actors as they are. */
export interface Gap {
  readonly type: '@ovs-uplink.gap';
  /** How many are missing. */
  readonly missed: number;
}

/** A snapshot, as what changed since the last one of its actor. */
export type EncodedSnapshot = Omit<SnapshotMessage, 'type' | 'snapshot'> & {
  readonly type: '@ovs-uplink.snapshot';
  readonly patch: Patch | null;
};

/** A host, as what changed since the last one. */
export type EncodedHost = Omit<HostMessage, 'type' | 'host'> & {
  readonly type: '@ovs-uplink.host-change';
  readonly patch: Patch | null;
};

/** Who reads: Stately's inspector its three messages, each of them whole; our viewer all, with snapshots and hosts as changes. */
export type ReaderKind = 'stately' | 'viewer';

/** Writes messages for one reader, in the order in which it gets them. */
export interface Encoder {
  /** Null where this reader is not told of it. */
  encode(message: WireMessage | Gap): string | null;
}

/** Reads what an {@link Encoder} wrote for a viewer. */
export interface Decoder {
  /** Throws a `SyntaxError` for what no encoder writes. A change of what is not known is a gap. */
  decode(text: string): WireMessage | Gap;
  /** The same for a frame, which has a message a line. */
  decodeFrame(frame: string): (WireMessage | Gap)[];
}

/** What both ends remember; it takes the same turns at both, so that a change is always one of what the other end has. */
const MAX_ACTORS = 2_000;

function createMemory() {
  const snapshots = new Map<string, ActorSnapshot>();
  return {
    host: undefined as HostView | undefined,
    get: (sessionId: string) => snapshots.get(sessionId),
    keep(sessionId: string, snapshot: ActorSnapshot): void {
      // Nothing follows an end.
      if (snapshot.status === 'done' || snapshot.status === 'error' || snapshot.status === 'stopped') {
        snapshots.delete(sessionId);
        return;
      }
      snapshots.set(sessionId, snapshot);
      if (snapshots.size > MAX_ACTORS) snapshots.delete(snapshots.keys().next().value as string);
    },
    clear(): void {
      snapshots.clear();
      this.host = undefined;
    },
  };
}

/** Makes an {@link Encoder}. */
export function createEncoder(kind: ReaderKind): Encoder {
  const memory = createMemory();
  const forViewer = (message: WireMessage | Gap): object => {
    switch (message.type) {
      case '@ovs-uplink.gap':
        memory.clear();
        return message;
      case '@xstate.actor':
        memory.keep(message.sessionId, message.snapshot);
        return message;
      case '@xstate.snapshot': {
        const before = memory.get(message.sessionId);
        memory.keep(message.sessionId, message.snapshot);
        if (before === undefined) return message;
        const { snapshot, ...rest } = message;
        return { ...rest, type: '@ovs-uplink.snapshot', patch: diffValue(before, snapshot) } satisfies EncodedSnapshot;
      }
      case '@ovs-uplink.host': {
        const before = memory.host;
        memory.host = message.host;
        if (before === undefined) return message;
        const { host, ...rest } = message;
        return { ...rest, type: '@ovs-uplink.host-change', patch: diffValue(before, host) } satisfies EncodedHost;
      }
      default:
        return message;
    }
  };
  const forStately = (message: WireMessage | Gap): object | null => {
    if (message.type === '@ovs-uplink.gap' || !isStatelyMessage(message)) return null;
    // `@statelyai/inspect` gives what is no machine a definition, too.
    if (message.type !== '@xstate.actor' || message.definition !== undefined) return message;
    return { ...message, definition: JSON.stringify({ id: message.name }) };
  };
  return {
    encode(message) {
      const encoded = kind === 'viewer' ? forViewer(message) : forStately(message);
      return encoded === null ? null : JSON.stringify(encoded);
    },
  };
}

/** Makes a {@link Decoder}. */
export function createDecoder(): Decoder {
  const memory = createMemory();
  const unknownBase: Gap = { type: '@ovs-uplink.gap', missed: 1 };
  const decoder: Decoder = {
    decodeFrame: frame => frame.split('\n').map(text => decoder.decode(text)),
    decode(text) {
      const message = JSON.parse(text) as WireMessage | Gap | EncodedSnapshot | EncodedHost | null;
      if (typeof message !== 'object' || message === null || typeof message.type !== 'string') {
        throw new SyntaxError('not a message of ovs-uplink');
      }
      switch (message.type) {
        case '@ovs-uplink.gap':
          memory.clear();
          return message;
        case '@xstate.actor':
        case '@xstate.snapshot':
          memory.keep(message.sessionId, message.snapshot);
          return message;
        case '@ovs-uplink.snapshot': {
          const before = memory.get(message.sessionId);
          if (before === undefined) return unknownBase;
          const { patch, ...rest } = message;
          const snapshot = applyPatch(before, patch) as ActorSnapshot;
          memory.keep(message.sessionId, snapshot);
          return { ...rest, type: '@xstate.snapshot', snapshot };
        }
        case '@ovs-uplink.host':
          memory.host = message.host;
          return message;
        case '@ovs-uplink.host-change': {
          if (memory.host === undefined) return unknownBase;
          const { patch, ...rest } = message;
          const host = applyPatch(memory.host, patch) as HostView;
          memory.host = host;
          return { ...rest, type: '@ovs-uplink.host', host };
        }
        default:
          return message;
      }
    },
  };
  return decoder;
}
