import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { Converter } from './tap/converter.ts';
import { createConverter } from './tap/converter.ts';
import type { Heard, HeardActor } from './tap/heard.ts';
import { treeOf } from './tap/tree.ts';
import type { WireMessage } from './wire/messages.ts';
import { WIRE_VERSION } from './wire/messages.ts';

/** What is heard waits here until there is time for it. */
const MAX_WAITING = 10_000;
/** What is converted in one turn of the event loop, and which part of what waits where that is more: a cut-over must not wait for its picture. */
const BATCH = 200;
const SHARE = 8;
/** Actors that are told again after a loss. */
const MAX_ACTORS = 1_000;

/** What a tap needs. */
export interface TapOptions {
  /** Gets the messages, in order, never from within an actor's work. What it throws is counted and forgotten. */
  readonly publish: (message: WireMessage) => void;
  /** Wall-clock ms, for the messages. */
  readonly clock: { wallTime(): number };
  /** Calls back when there is time; `setImmediate` if absent. */
  readonly whenIdle?: ((work: () => void) => void) | undefined;
}

/** Turns what XState tells its inspectors into messages. */
export interface Tap {
  /** For `createActor({ inspect })`: only takes down what it is told; never throws. */
  readonly inspect: (event: InspectionEvent) => void;
  /**
   * Listens to a system that is there already, and tells of its actors as they are. Once per system, and not where {@link Tap.inspect} listens from the
   * start. Returns what ends it; an actor that nobody listens to does no work for it.
   */
  attach(actor: AnyActorRef): () => void;
  /** Tells all that waits, at once; from within the making of an actor, what comes before that. */
  flush(): void;
  readonly counters: { readonly dropped: number; readonly failed: number };
}

/** Makes a {@link Tap}. */
export function createTap({ publish, clock, whenIdle = work => void setImmediate(work) }: TapOptions): Tap {
  let waiting: Heard[] = [];
  let next = 0;
  let isPlanned = false;
  let lost = 0;
  const counters = { dropped: 0, failed: 0 };
  const actors = new Map<AnyActorRef, string>();
  /** Those that have no state yet: XState tells of an actor before it makes it. */
  const unborn = new Map<AnyActorRef, HeardActor>();

  const tell = (message: WireMessage): void => {
    try {
      publish(message);
    } catch {
      counters.failed += 1;
    }
  };
  const converter: Converter = createConverter(tell, actor => actors.delete(actor));

  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    whenIdle(work);
  };
  const keep = (heard: Heard): boolean => {
    plan();
    if (waiting.length - next >= MAX_WAITING) {
      lost += 1;
      counters.dropped += 1;
      return false;
    }
    waiting.push(heard);
    return true;
  };
  const work = (): void => {
    isPlanned = false;
    try {
      // No actor is being made at such a time: it never will be.
      if (!convert(Math.max(BATCH, Math.ceil((waiting.length - next) / SHARE)))) {
        next += 1;
        counters.failed += 1;
      }
    } catch {
      // Here it would end the process.
      counters.failed += 1;
    }
    if (next < waiting.length) plan();
  };
  /** False where it comes to an actor that is just being made, of which nothing can be told yet. */
  const convert = (limit: number): boolean => {
    const end = Math.min(waiting.length, next + limit);
    while (next < end) {
      const heard = waiting[next]!;
      if (heard.kind === 'actor' && !isBorn(heard)) return false;
      next += 1;
      try {
        converter.convert(heard);
      } catch {
        counters.failed += 1;
      }
    }
    if (next === waiting.length || next >= MAX_WAITING) {
      waiting = waiting.slice(next);
      next = 0;
    }
    if (waiting.length === 0) converter.settle(clock.wallTime());
    if (lost > 0 && waiting.length - next <= MAX_WAITING / 2) recover();
    return true;
  };
  const isBorn = (heard: HeardActor): boolean => {
    try {
      bear(heard);
      return true;
    } catch {
      return false;
    }
  };
  /** The state that an actor begins with. Nothing has been sent to it before, so it still has that. */
  const bear = (heard: HeardActor): void => {
    heard.snapshot ??= heard.actor.getSnapshot();
    unborn.delete(heard.actor);
  };
  const recover = (): void => {
    const missing = lost;
    lost = 0;
    tell({
      type: '@ovs-uplink.note',
      kind: 'happening',
      text: `the charts were faster than their picture: ${missing} messages are missing`,
      createdAt: String(clock.wallTime()),
      _version: WIRE_VERSION,
    });
    for (const [actor, rootId] of [...actors]) announce(actor, rootId);
  };
  const announce = (actor: AnyActorRef, rootId: string): void => {
    const snapshot = actor.getSnapshot();
    keep({ kind: 'actor', actor, rootId, atMs: clock.wallTime(), snapshot });
  };
  const remember = (actor: AnyActorRef, rootId: string): void => {
    actors.set(actor, rootId);
    if (actors.size > MAX_ACTORS) actors.delete(actors.keys().next().value!);
  };

  const hear = (event: InspectionEvent): void => {
    const actor = event.actorRef as AnyActorRef;
    switch (event.type) {
      case '@xstate.actor': {
        remember(actor, event.rootId);
        const heard: HeardActor = {
          kind: 'actor',
          actor,
          rootId: event.rootId,
          atMs: clock.wallTime(),
          snapshot: undefined,
        };
        if (keep(heard)) unborn.set(actor, heard);
        return;
      }
      case '@xstate.event': {
        const heard = unborn.get(actor);
        if (heard !== undefined) bear(heard);
        const { rootId, sourceRef } = event;
        keep({
          kind: 'event',
          actor,
          rootId,
          atMs: clock.wallTime(),
          event: event.event,
          sourceId: sourceRef?.sessionId,
        });
        return;
      }
      case '@xstate.microstep':
        if (event._transitions.length > 0) keep({ kind: 'transitions', actor, transitions: event._transitions });
        return;
      case '@xstate.snapshot': {
        // An actor that an initial action killed is told of as it was before (xstate 5.33, createActor.ts, update).
        const present = actor.getSnapshot();
        const snapshot = present.status === 'error' ? present : event.snapshot;
        keep({ kind: 'snapshot', actor, rootId: event.rootId, atMs: clock.wallTime(), event: event.event, snapshot });
        return;
      }
      default:
        return;
    }
  };
  const inspect = (event: InspectionEvent): void => {
    // What an inspector throws leaves an actor that never works again (xstate 5.33, Mailbox.ts).
    try {
      hear(event);
    } catch {
      counters.failed += 1;
    }
  };

  return {
    inspect,
    attach(actor) {
      const { rootId, actors: found } = treeOf(actor);
      for (const one of found) {
        remember(one, rootId);
        announce(one, rootId);
      }
      const subscription = actor.system.inspect({ next: inspect });
      return () => subscription.unsubscribe();
    },
    flush() {
      let isTold = true;
      while (isTold && next < waiting.length) isTold = convert(waiting.length);
    },
    counters,
  };
}
