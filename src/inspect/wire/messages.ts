/**
 * What is told of running actors, as JSON. The three `@xstate.` messages are those of `@statelyai/inspect`, field by field, so that Stately's
 * inspector understands them; the others are ours, and only our viewer gets them.
 */
export type WireMessage =
  | ActorMessage
  | EventMessage
  | SnapshotMessage
  | TransitionMessage
  | EffectMessage
  | HostMessage
  | NoteMessage
  | ProbeMessage
  | SourceMessage;

/** The version of `@statelyai/inspect` whose messages these are. */
export const WIRE_VERSION = '0.7.2';

interface Base {
  /** Milliseconds, as text: since 1970 of what is live, since its start of what is played again. */
  readonly createdAt: string;
  readonly _version: string;
}

interface OfActor extends Base {
  /** Of the actor. */
  readonly sessionId: string;
  /** Of the actor at the top of its tree. */
  readonly rootId?: string | undefined;
}

/** An actor was made. */
export interface ActorMessage extends OfActor {
  readonly type: '@xstate.actor';
  readonly id: null;
  /** Its id; of a machine that has none of its own, that of the machine. */
  readonly name: string;
  readonly parentId: string | undefined;
  /** JSON of the machine's configuration, states in order, guards and actions by their names; absent where the actor is no machine. */
  readonly definition: string | undefined;
  readonly snapshot: ActorSnapshot;
}

/** An event was sent to an actor. */
export interface EventMessage extends OfActor {
  readonly type: '@xstate.event';
  readonly id: null;
  readonly sourceId: string | undefined;
  readonly event: WireEvent;
}

/** An actor has worked an event off. */
export interface SnapshotMessage extends OfActor {
  readonly type: '@xstate.snapshot';
  readonly id: null;
  readonly event: WireEvent;
  readonly snapshot: ActorSnapshot;
}

export interface WireEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Where an actor is. */
export interface ActorSnapshot {
  readonly status?: 'active' | 'done' | 'error' | 'stopped';
  /** Of a machine: as XState has it, `'idle'` or `{ moving: { left: 'up' } }`. */
  readonly value?: unknown;
  readonly context?: unknown;
  readonly output?: unknown;
  /** Text of what it ended with. */
  readonly error?: unknown;
}

/** The transitions that an actor takes for an event; stands right before the snapshot that they lead to. */
export interface TransitionMessage extends OfActor {
  readonly type: '@ovs-uplink.transition';
  readonly transitions: readonly TakenTransition[];
}

export interface TakenTransition {
  /** Path of the state that it belongs to, empty for the root. */
  readonly source: string;
  /** Paths; empty where the state stays. */
  readonly targets: readonly string[];
  /** Type of the event; empty for `always`. */
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
}

/** A change of the host was made, or failed. */
export interface EffectMessage extends Base {
  readonly type: '@ovs-uplink.effect';
  readonly sessionId: string | null;
  readonly op: string;
  readonly text: string;
  readonly failure: string | null;
}

/** What is known of the host from now on, by section (`links`, `addresses`, ...), each object by a name that stays. */
export interface HostMessage extends Base {
  readonly type: '@ovs-uplink.host';
  readonly host: HostView;
}

/** Sections of a host, and in each the objects by name. */
export type HostView = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Something that happened, for people: a finding, a failure, what somebody else did, how a run ended. */
export interface NoteMessage extends Base {
  readonly type: '@ovs-uplink.note';
  readonly kind: 'run' | 'finding' | 'failure' | 'happening' | 'end';
  readonly text: string;
}

/** Whether the host could be reached, from now on. */
export interface ProbeMessage extends Base {
  readonly type: '@ovs-uplink.probe';
  readonly target: string;
  readonly ok: boolean;
}

/** What all this is; told first. `isLive`: more is to come. */
export interface SourceMessage extends Base {
  readonly type: '@ovs-uplink.source';
  readonly title: string;
  readonly kind: 'live' | 'recording' | 'scenario';
  readonly isLive: boolean;
}

/** True for a message that Stately's inspector knows. */
export function isStatelyMessage(message: WireMessage): message is ActorMessage | EventMessage | SnapshotMessage {
  return message.type === '@xstate.actor' || message.type === '@xstate.event' || message.type === '@xstate.snapshot';
}
