import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTrace } from '../../../src/inspect/viewer/model/trace.ts';
import type { ActorSnapshot, HostView, WireMessage } from '../../../src/inspect/wire/messages.ts';
import { host, machine, note, transition, went, worker } from './told.ts';

const MACHINES = ['m', 'n'];
const WORKERS = ['m/w', 'n/w'];
const TIME = fc.nat({ max: 3 });
const VALUE = fc.constantFrom('a', 'b', 'c');
const STATUS = fc.constantFrom('active', 'done', 'error', 'stopped' as const);

const MESSAGE: fc.Arbitrary<WireMessage> = fc.oneof(
  fc.tuple(TIME, fc.constantFrom(...MACHINES), VALUE).map(([ms, id, value]) => machine(ms, id, value)),
  fc.tuple(TIME, fc.constantFrom(...WORKERS)).map(([ms, id]) => worker(ms, id, id[0]!)),
  fc
    .tuple(
      TIME,
      fc.constantFrom(...MACHINES, ...WORKERS, 'nobody'),
      fc.constantFrom('GO', 'xstate.init', 'xstate.stop'),
      VALUE,
      STATUS,
    )
    .map(([ms, id, type, value, status]) => went(ms, id, type, value, status as 'active')),
  fc.tuple(TIME, fc.constantFrom(...MACHINES)).map(([ms, id]) => transition(ms, id, 'a', 'b')),
  fc.tuple(TIME, fc.nat({ max: 5 })).map(([ms, n]) => host(ms, { links: { n } })),
  TIME.map(ms => note(ms, 'something')),
);

/** All that is known after each step, written down whole. What begins is known from the next step on. */
function replayNaively(messages: readonly WireMessage[]) {
  const pages: { snapshots: Map<string, ActorSnapshot>; host: HostView | undefined }[] = [];
  const announced = new Map<string, { readonly isWorker: boolean }>();
  const beginning = new Map<string, ActorSnapshot>();
  let stepMs: number | undefined;
  const turn = (ms: number): void => {
    const before = pages.at(-1);
    pages.push({ snapshots: new Map([...(before?.snapshots ?? []), ...beginning]), host: before?.host });
    beginning.clear();
    stepMs = ms;
  };
  const keep = (id: string, snapshot: ActorSnapshot): void => {
    if (pages.length === 0 || beginning.has(id)) beginning.set(id, snapshot);
    else pages.at(-1)!.snapshots.set(id, snapshot);
  };
  for (const message of messages) {
    const ms = Number(message.createdAt);
    if (message.type === '@xstate.actor') {
      const { sessionId, snapshot, parentId } = message;
      if (announced.has(sessionId)) keep(sessionId, snapshot);
      else if (parentId !== undefined) beginning.set(sessionId, snapshot);
      else {
        turn(ms);
        pages.at(-1)!.snapshots.set(sessionId, snapshot);
      }
      if (!announced.has(sessionId)) announced.set(sessionId, { isWorker: parentId !== undefined });
    } else if (message.type === '@xstate.snapshot') {
      const { sessionId, event, snapshot } = message;
      if (event.type === 'xstate.init') beginning.set(sessionId, snapshot);
      else if (event.type === 'xstate.stop' || announced.get(sessionId)?.isWorker === true) keep(sessionId, snapshot);
      else {
        turn(ms);
        pages.at(-1)!.snapshots.set(sessionId, snapshot);
      }
    } else if (message.type === '@ovs-uplink.host') {
      if (stepMs !== ms) turn(ms);
      pages.at(-1)!.host = message.host;
    } else if (message.type === '@ovs-uplink.note') turn(ms);
  }
  return pages;
}

/** Nothing follows an end. */
function livingOnly(messages: readonly WireMessage[]): readonly WireMessage[] {
  const ended = new Set<string>();
  return messages.filter(message => {
    if (message.type !== '@xstate.actor' && message.type !== '@xstate.snapshot') return true;
    const isGhost = ended.has(message.sessionId);
    if (message.snapshot.status !== 'active') ended.add(message.sessionId);
    return !isGhost;
  });
}

describe('a trace', () => {
  it('answers for every step what a replay up to there would', () => {
    fc.assert(
      fc.property(fc.array(MESSAGE, { maxLength: 40 }), fc.constantFrom(10, 1_000), (given, maxSteps) => {
        const messages = livingOnly([note(0, 'begin'), ...given]);
        const trace = createTrace({ maxSteps });
        for (const message of messages) trace.add(message);
        const pages = replayNaively(messages);
        expect(trace.steps.at(-1)?.id).toBe(pages.length - 1);
        for (const { id } of trace.steps) {
          for (const session of [...MACHINES, ...WORKERS, 'nobody']) {
            const expected = pages[id]!.snapshots.get(session);
            const got = trace.snapshotAt(session, id);
            // What ended before the oldest step that is left is forgotten with the steps before.
            const isForgotten = got === undefined && expected !== undefined && expected.status !== 'active';
            if (!(isForgotten && trace.steps[0]!.id > 0)) expect(got).toEqual(expected);
          }
          expect(trace.hostAt(id)).toEqual(pages[id]!.host);
        }
      }),
      { numRuns: 500 },
    );
  });
});
