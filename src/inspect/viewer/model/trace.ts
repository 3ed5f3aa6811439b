import type { Gap } from '../../wire/encoded.ts';
import type {
  ActorSnapshot,
  HostView,
  ProbeMessage,
  SourceMessage,
  TakenTransition,
  WireEvent,
  WireMessage,
} from '../../wire/messages.ts';
import { stateText } from './active.ts';
import { hostText } from './changes.ts';
import { eventText, plainName } from './event-text.ts';

/** Steps that are kept; of more, the oldest go. */
const MAX_STEPS = 50_000;
/** Which part of them goes at once. */
const DROPPED_PART = 10;

/** Something that was told, at its place in time. Ids count up, and stay when older steps are dropped. */
export interface Step {
  readonly id: number;
  /** Since the first one. */
  readonly atMs: number;
  readonly kind: 'actor' | 'event' | 'effect' | 'host' | 'note' | 'probe' | 'gap';
  /** The actor that it is about. */
  readonly sessionId: string | null;
  readonly title: string;
  /** Where its actor went with it; null where it stayed. */
  readonly state: string | null;
  readonly detail: string | null;
  readonly isFailure: boolean;
  readonly event: WireEvent | null;
  readonly transitions: readonly TakenTransition[];
}

/** An actor, as it was told of. */
export interface TracedActor {
  readonly sessionId: string;
  readonly name: string;
  readonly parentId: string | undefined;
  readonly definition: string | undefined;
  /** It is no machine, and works for one: a promise, a callback. */
  readonly isWorker: boolean;
  /** Step that it began with. */
  readonly since: number;
}

/** All that was told so far, and how things were at any step. */
export interface Trace {
  add(message: WireMessage | Gap): void;
  /** Everything was lost, or another source begins. */
  clear(): void;
  readonly steps: readonly Step[];
  readonly source: SourceMessage | undefined;
  readonly probes: readonly (Pick<ProbeMessage, 'target' | 'ok'> & { readonly atMs: number })[];
  /** Goes up with each change. */
  readonly version: number;
  /** Actors that had begun by a step, in the order of their beginnings; without those that ended before the oldest step that is kept. */
  actorsAt(step: number): readonly TracedActor[];
  /** What an actor was at a step; undefined before its beginning. */
  snapshotAt(sessionId: string, step: number): ActorSnapshot | undefined;
  hostAt(step: number): HostView | undefined;
  /** The host when it was first looked at, of what is kept. */
  readonly firstHost: HostView | undefined;
  /** Of the steps of an actor up to this one, the last that it took a transition in. */
  lastTransitions(sessionId: string, step: number): Step | undefined;
}

/** Makes an empty one. */
export function createTrace({ maxSteps = MAX_STEPS }: { readonly maxSteps?: number } = {}): Trace {
  const droppedAtOnce = Math.ceil(maxSteps / DROPPED_PART);
  let steps: Step[] = [];
  let nextId = 0;
  let startMs: number | undefined;
  let source: SourceMessage | undefined;
  let version = 0;
  const actors = new Map<string, TracedActor>();
  const snapshots = new Map<string, History<ActorSnapshot>>();
  const moves = new Map<string, History<Step>>();
  let hosts = createHistory<HostView>();
  const probes: { atMs: number; target: string; ok: boolean }[] = [];
  let taken: { readonly sessionId: string; readonly transitions: readonly TakenTransition[] } | undefined;

  const push = (atMs: number, step: Partial<Step> & Pick<Step, 'kind' | 'title'>): Step => {
    const made: Step = {
      sessionId: null,
      state: null,
      detail: null,
      isFailure: false,
      event: null,
      transitions: [],
      ...step,
      id: nextId,
      atMs,
    };
    nextId += 1;
    steps.push(made);
    if (steps.length > maxSteps) drop();
    return made;
  };
  const drop = (): void => {
    steps = steps.slice(droppedAtOnce);
    const first = steps[0]!.id;
    for (const [sessionId, history] of snapshots) {
      if (!history.isOverBefore(first, ({ status = 'active' }) => status !== 'active')) continue;
      snapshots.delete(sessionId);
      moves.delete(sessionId);
      actors.delete(sessionId);
    }
    for (const history of [...snapshots.values(), ...moves.values(), hosts]) history.dropBefore(first);
  };
  const timeOf = (createdAt: string): number => {
    const ms = createdAt.trim() === '' ? Number.NaN : Number(createdAt);
    if (!Number.isFinite(ms)) return steps.at(-1)?.atMs ?? 0;
    startMs ??= ms;
    return ms - startMs;
  };
  const keep = <T>(histories: Map<string, History<T>>, key: string, step: number, value: T): void => {
    let history = histories.get(key);
    if (history === undefined) {
      history = createHistory();
      histories.set(key, history);
    }
    history.push(step, value);
  };

  const add = (message: WireMessage): void => {
    if (message.type === '@ovs-uplink.source') {
      source = message;
      // What is played begins with its source. What is live may have begun before anybody looked.
      if (!message.isLive) timeOf(message.createdAt);
      return;
    }
    const atMs = timeOf(message.createdAt);
    switch (message.type) {
      case '@xstate.actor': {
        const { sessionId, parentId, definition, snapshot } = message;
        const name = plainName(message.name);
        const isWorker = parentId !== undefined && !hasStates(definition);
        const known = actors.get(sessionId);
        const isSilent = known !== undefined || isWorker;
        if (!isSilent)
          push(atMs, { kind: 'actor', sessionId, title: `${name} begins`, state: stateText(snapshot.value) });
        // One that a machine invokes begins before the step is told in which that happens.
        const since = isSilent && known === undefined ? nextId : Math.max(0, nextId - 1);
        // One may be told of again when more is known of it.
        if (known?.definition !== definition || known === undefined) {
          actors.set(sessionId, {
            sessionId,
            name,
            parentId,
            definition,
            isWorker,
            since: known?.since ?? since,
          });
        }
        keep(snapshots, sessionId, since, snapshot);
        return;
      }
      case '@xstate.event':
        // The snapshot says that it was worked off; one that nobody hears is not to be seen in any state.
        return;
      case '@ovs-uplink.transition':
        taken = message;
        return;
      case '@xstate.snapshot': {
        const { sessionId, event, snapshot } = message;
        const transitions = taken?.sessionId === sessionId ? taken.transitions : [];
        taken = undefined;
        const { isWorker = false } = actors.get(sessionId) ?? {};
        // What runs for a state is seen by the state: it ends there.
        if (isWorker || event.type === 'xstate.init' || event.type === 'xstate.stop') {
          keep(snapshots, sessionId, event.type === 'xstate.init' ? nextId : Math.max(0, nextId - 1), snapshot);
          return;
        }
        const before = stateText(snapshots.get(sessionId)?.last()?.value);
        const state = stateText(snapshot.value);
        const ended = snapshot.status === 'done' || snapshot.status === 'error' ? snapshot.status : null;
        const made = push(atMs, {
          kind: 'event',
          sessionId,
          title: eventText(event),
          state: state === before ? null : state,
          detail: ended === 'error' ? String(snapshot.error ?? 'failed') : ended,
          isFailure: ended === 'error' || event.type.startsWith('xstate.error.'),
          event,
          transitions,
        });
        keep(snapshots, sessionId, made.id, snapshot);
        if (transitions.length > 0) keep(moves, sessionId, made.id, made);
        return;
      }
      case '@ovs-uplink.effect':
        push(atMs, {
          kind: 'effect',
          sessionId: message.sessionId,
          title: message.text,
          detail: message.failure,
          isFailure: message.failure !== null,
        });
        return;
      case '@ovs-uplink.host':
        // What it came with is told right before.
        if (steps.at(-1)?.atMs !== atMs) push(atMs, { kind: 'host', title: hostText(hosts.last(), message.host) });
        hosts.push(nextId - 1, message.host);
        return;
      case '@ovs-uplink.note':
        push(atMs, { kind: 'note', title: message.text, detail: message.kind, isFailure: message.kind === 'failure' });
        return;
      case '@ovs-uplink.probe': {
        const { target, ok } = message;
        probes.push({ atMs, target, ok });
        if (probes.length > maxSteps) probes.splice(0, droppedAtOnce);
        push(atMs, { kind: 'probe', title: `${target} ${ok ? 'answers' : 'does not answer'}`, isFailure: !ok });
        return;
      }
    }
  };

  return {
    add(message) {
      version += 1;
      if (message.type === '@ovs-uplink.gap') {
        taken = undefined;
        push(steps.at(-1)?.atMs ?? 0, {
          kind: 'gap',
          title: `${message.missed} messages are missing here`,
          isFailure: true,
        });
        return;
      }
      add(message);
    },
    clear() {
      version += 1;
      steps = [];
      nextId = 0;
      startMs = undefined;
      source = undefined;
      taken = undefined;
      actors.clear();
      snapshots.clear();
      moves.clear();
      hosts = createHistory();
      probes.length = 0;
    },
    get steps() {
      return steps;
    },
    get source() {
      return source;
    },
    get probes() {
      return probes;
    },
    get version() {
      return version;
    },
    actorsAt: step => [...actors.values()].filter(({ since }) => since <= step),
    snapshotAt: (sessionId, step) => snapshots.get(sessionId)?.at(step),
    hostAt: step => hosts.at(step),
    get firstHost() {
      return hosts.first();
    },
    lastTransitions: (sessionId, step) => moves.get(sessionId)?.at(step),
  };
}

function hasStates(definition: string | undefined): boolean {
  return definition !== undefined && /"states"\s*:/.test(definition);
}

/** Values, each from a step on until the next one. */
interface History<T> {
  push(step: number, value: T): void;
  at(step: number): T | undefined;
  first(): T | undefined;
  last(): T | undefined;
  /** True where the last value is of before that step, and an end. */
  isOverBefore(step: number, isEnd: (value: T) => boolean): boolean;
  dropBefore(step: number): void;
}

function createHistory<T>(): History<T> {
  let since: number[] = [];
  let values: T[] = [];
  const indexAt = (step: number): number => {
    let [low, high] = [0, since.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (since[middle]! <= step) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  return {
    push(step, value) {
      // What begins with the next step may end before there is one.
      since.push(Math.max(step, since.at(-1) ?? step));
      values.push(value);
    },
    at: step => values[indexAt(step)],
    first: () => values[0],
    last: () => values.at(-1),
    isOverBefore: (step, isEnd) => since.length > 0 && since.at(-1)! < step && isEnd(values.at(-1)!),
    dropBefore(step) {
      const first = Math.max(0, indexAt(step));
      since = since.slice(first);
      values = values.slice(first);
    },
  };
}
