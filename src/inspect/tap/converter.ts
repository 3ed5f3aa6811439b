import type { AnyActorRef, AnyTransitionDefinition } from 'xstate';
import { definitionOf } from '../wire/definition.ts';
import { isMachine } from '../wire/is-machine.ts';
import type { ActorSnapshot, TakenTransition, WireEvent, WireMessage } from '../wire/messages.ts';
import { WIRE_VERSION } from '../wire/messages.ts';
import { plain } from '../wire/plain.ts';
import type { Heard } from './heard.ts';

/** Makes messages of what a tap took down. */
export interface Converter {
  convert(heard: Heard): void;
  /** After all that was heard: tells of actors that died of an event, of which XState says nothing. */
  settle(atMs: number): void;
}

/** An event that has not been worked off. */
interface Unanswered {
  readonly rootId: string;
  readonly event: WireEvent;
}

/** Makes a {@link Converter}; `onEnd` gets actors of which nothing more will be heard. */
export function createConverter(tell: (message: WireMessage) => void, onEnd: (actor: AnyActorRef) => void): Converter {
  const taken = new Map<AnyActorRef, TakenTransition[]>();
  const unanswered = new Map<AnyActorRef, Unanswered>();

  const tellSnapshot = (actor: AnyActorRef, rootId: string, event: WireEvent, raw: object, atMs: number): void => {
    const base = { sessionId: actor.sessionId, rootId, createdAt: String(atMs), _version: WIRE_VERSION };
    const transitions = taken.get(actor);
    if (transitions !== undefined) tell({ ...base, type: '@ovs-uplink.transition', transitions });
    const snapshot = snapshotOf(raw);
    forget(actor, snapshot);
    tell({ ...base, type: '@xstate.snapshot', id: null, event, snapshot });
  };
  const forget = (actor: AnyActorRef, { status }: ActorSnapshot): void => {
    taken.delete(actor);
    unanswered.delete(actor);
    if (status !== 'active') onEnd(actor);
  };

  return {
    convert(heard) {
      const { actor } = heard;
      const { sessionId } = actor;
      switch (heard.kind) {
        case 'actor': {
          const logic: unknown = Reflect.get(actor, 'logic');
          const machine = isMachine(logic) ? logic : undefined;
          const snapshot = snapshotOf(heard.snapshot ?? {});
          if (snapshot.status !== 'active') onEnd(actor);
          tell({
            type: '@xstate.actor',
            id: null,
            name: actor.id === sessionId && machine !== undefined ? machine.id : actor.id,
            sessionId,
            rootId: heard.rootId,
            parentId: actor._parent?.sessionId,
            definition: machine === undefined ? undefined : definitionOf(machine),
            snapshot,
            createdAt: String(heard.atMs),
            _version: WIRE_VERSION,
          });
          return;
        }
        case 'event': {
          const { rootId, sourceId } = heard;
          const event = plain(heard.event) as unknown as WireEvent;
          unanswered.set(actor, { rootId, event });
          const createdAt = String(heard.atMs);
          tell({
            type: '@xstate.event',
            id: null,
            sessionId,
            rootId,
            sourceId,
            event,
            createdAt,
            _version: WIRE_VERSION,
          });
          return;
        }
        case 'transitions': {
          const before = taken.get(actor);
          const made = heard.transitions.map(transitionOf);
          if (before === undefined) taken.set(actor, made);
          else before.push(...made);
          return;
        }
        case 'snapshot': {
          const event = plain(heard.event) as unknown as WireEvent;
          tellSnapshot(actor, heard.rootId, event, heard.snapshot, heard.atMs);
        }
      }
    },
    settle(atMs) {
      for (const [actor, { rootId, event }] of unanswered) {
        const snapshot: { readonly status: string } = actor.getSnapshot();
        if (snapshot.status === 'error') tellSnapshot(actor, rootId, event, snapshot, atMs);
        // What was sent to an actor after its end stays without an answer; what was sent before its start gets one.
        else if (snapshot.status !== 'active') unanswered.delete(actor);
      }
    },
  };
}

/** Of an actor's snapshot what is told; not its input, which its first event has, nor its children, of which there are messages of their own. */
function snapshotOf(raw: object): ActorSnapshot {
  const { status, value, context, output, error } = raw as ActorSnapshot;
  return {
    ...(status === undefined ? {} : { status }),
    ...(value === undefined ? {} : { value: plain(value) }),
    ...(context === undefined ? {} : { context: plain(context) }),
    ...(output === undefined ? {} : { output: plain(output) }),
    ...(error === undefined ? {} : { error: textOf(error) }),
  };
}

function textOf(error: unknown): string {
  if (error instanceof Error) return String(plain(error.message));
  const json = plain(error);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

function transitionOf({ source, target, eventType, guard, actions }: AnyTransitionDefinition): TakenTransition {
  return {
    source: source.path.join('.'),
    targets: target?.map(node => node.path.join('.')) ?? [],
    event: eventType,
    guard: guard === undefined ? null : nameOf(guard),
    actions: actions.map(nameOf),
  };
}

/** Guards and actions stand by name, as an object with the name as its type, or as a function. */
function nameOf(what: unknown): string {
  if (typeof what === 'string') return what;
  if ((typeof what === 'object' || typeof what === 'function') && what !== null) {
    if ('type' in what && typeof what.type === 'string') return what.type;
    if ('name' in what && typeof what.name === 'string' && what.name !== '') return what.name;
  }
  return '(function)';
}
