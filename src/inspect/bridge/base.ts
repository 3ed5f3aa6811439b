import type {
  ActorMessage,
  ActorSnapshot,
  HostMessage,
  ProbeMessage,
  SourceMessage,
  WireMessage,
} from '../wire/messages.ts';

/** Targets of probes of which the last result is kept. */
const MAX_PROBES = 64;

/** What a stream of messages comes to: enough to understand those that follow. */
export interface Base {
  /** `bytes`: of memory that is its own. */
  take(message: WireMessage, bytes: number): void;
  /** What it came to, as messages: the source, actors with their last snapshots in the order of their beginning, host, probes. */
  tell(): readonly WireMessage[];
  readonly actorCount: number;
}

interface KeptActor {
  readonly order: number;
  readonly message: ActorMessage;
  readonly snapshot: ActorSnapshot;
  readonly messageBytes: number;
  readonly snapshotBytes: number;
}

/** Makes a {@link Base} of so many actors, in so many bytes, at most: those that ended first go first. */
export function createBase(maxActors: number, maxBytes: number): Base {
  let source: SourceMessage | undefined;
  let host: HostMessage | undefined;
  let began = 0;
  const probes = new Map<string, ProbeMessage>();
  const living = new Map<string, KeptActor>();
  const ended = new Map<string, KeptActor>();

  let bytes = 0;
  const find = (sessionId: string): KeptActor | undefined => living.get(sessionId) ?? ended.get(sessionId);
  const forget = (sessionId: string): void => {
    const actor = find(sessionId);
    if (actor === undefined) return;
    bytes -= actor.messageBytes + actor.snapshotBytes;
    living.delete(sessionId);
    ended.delete(sessionId);
  };
  const keep = (sessionId: string, actor: KeptActor): void => {
    const { status } = actor.snapshot;
    forget(sessionId);
    (status === undefined || status === 'active' ? living : ended).set(sessionId, actor);
    bytes += actor.messageBytes + actor.snapshotBytes;
    while (living.size + ended.size > maxActors || (bytes > maxBytes && living.size + ended.size > 1)) {
      forget((ended.size > 0 ? ended : living).keys().next().value!);
    }
  };

  return {
    take(message, added) {
      switch (message.type) {
        case '@xstate.actor': {
          const order = find(message.sessionId)?.order ?? began++;
          keep(message.sessionId, {
            order,
            message,
            snapshot: message.snapshot,
            messageBytes: added,
            snapshotBytes: 0,
          });
          return;
        }
        case '@xstate.snapshot': {
          const actor = find(message.sessionId);
          if (actor !== undefined) {
            keep(message.sessionId, { ...actor, snapshot: message.snapshot, snapshotBytes: added });
          }
          return;
        }
        case '@ovs-uplink.source':
          source = message;
          return;
        case '@ovs-uplink.host':
          host = message;
          return;
        case '@ovs-uplink.probe':
          probes.delete(message.target);
          probes.set(message.target, message);
          if (probes.size > MAX_PROBES) probes.delete(probes.keys().next().value!);
          return;
        default:
          return;
      }
    },
    tell() {
      const actors = [...living.values(), ...ended.values()].sort((one, other) => one.order - other.order);
      return [
        ...(source === undefined ? [] : [source]),
        ...actors.map(({ message, snapshot }) => (message.snapshot === snapshot ? message : { ...message, snapshot })),
        ...(host === undefined ? [] : [host]),
        ...probes.values(),
      ];
    },
    get actorCount() {
      return living.size + ended.size;
    },
  };
}
