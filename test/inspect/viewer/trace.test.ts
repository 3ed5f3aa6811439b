import { describe, expect, it } from 'vitest';
import type { Trace } from '../../../src/inspect/viewer/model/trace.ts';
import { createTrace } from '../../../src/inspect/viewer/model/trace.ts';
import type { Gap } from '../../../src/inspect/wire/encoded.ts';
import type { WireMessage } from '../../../src/inspect/wire/messages.ts';
import { effect, host, machine, note, probe, source, transition, went, worker } from './told.ts';

function traceOf(messages: readonly (WireMessage | Gap)[], options?: { readonly maxSteps: number }): Trace {
  const trace = createTrace(options);
  for (const message of messages) trace.add(message);
  return trace;
}

const valueAt = (trace: Trace, sessionId: string, step: number) => trace.snapshotAt(sessionId, step)?.value;
const titles = (trace: Trace) => trace.steps.map(({ title }) => title);
const namesAt = (trace: Trace, step: number) => trace.actorsAt(step).map(({ sessionId }) => sessionId);

describe('steps', () => {
  it('are what happened, with the time since the first and the state that an actor came to', () => {
    const trace = traceOf([
      source(100, false),
      machine(100, 'm', 'a'),
      went(120, 'm', 'GO', 'b'),
      went(130, 'm', 'LOOK', 'b'),
      effect(140, 'rename eth0', 'EBUSY'),
      note(150, 'something'),
      probe(160, '10.9.0.1', false),
    ]);
    expect(trace.steps.map(({ id, atMs, kind, title, state }) => [id, atMs, kind, title, state])).toEqual([
      [0, 0, 'actor', 'm begins', 'a'],
      [1, 20, 'event', 'GO', 'b'],
      [2, 30, 'event', 'LOOK', null],
      [3, 40, 'effect', 'rename eth0', null],
      [4, 50, 'note', 'something', null],
      [5, 60, 'probe', '10.9.0.1 does not answer', null],
    ]);
    expect(trace.steps.filter(({ isFailure }) => isFailure).map(({ id }) => id)).toEqual([3, 5]);
    expect(trace.source?.title).toBe('a source');
  });

  it('of a machine that dies say what it died of', () => {
    const message = went(1, 'm', 'GO', 'a', 'error') as Extract<WireMessage, { readonly type: '@xstate.snapshot' }>;
    const dies = { ...message, snapshot: { ...message.snapshot, error: 'it broke' } };
    expect(traceOf([machine(0, 'm', 'a'), dies]).steps[1]).toMatchObject({ detail: 'it broke', isFailure: true });
  });

  it('know the transitions that were taken, and only by whom', () => {
    const trace = traceOf([
      machine(0, 'm', 'a'),
      machine(0, 'n', 'a'),
      transition(1, 'm', 'a', 'b'),
      went(1, 'm', 'GO', 'b'),
      went(2, 'm', 'LOOK', 'b'),
      went(3, 'n', 'GO', 'a'),
    ]);
    expect(trace.steps.map(({ transitions }) => transitions.length)).toEqual([0, 0, 1, 0, 0]);
    expect(trace.lastTransitions('m', 4)?.id).toBe(2);
    expect(trace.lastTransitions('m', 1)).toBeUndefined();
    expect(trace.lastTransitions('n', 4)).toBeUndefined();
  });

  it.each([
    ['a gap', (trace: Trace) => trace.add({ type: '@ovs-uplink.gap', missed: 3 })],
    ['a clearing', (trace: Trace) => trace.clear()],
  ])('do not show transitions from before %s', (_what, lose) => {
    const trace = traceOf([machine(0, 'm', 'a'), transition(1, 'm', 'a', 'b')]);
    lose(trace);
    trace.add(went(5, 'm', 'OTHER', 'c'));
    expect(trace.steps.at(-1)).toMatchObject({ title: 'OTHER', transitions: [] });
  });

  it('are not made of promises and callbacks, whose ends the state sees that they run for', () => {
    const trace = traceOf([
      machine(0, 'm', 'a'),
      worker(1, 'm/w', 'm'),
      went(1, 'm/w', 'xstate.init', undefined),
      went(1, 'm', 'GO', 'b'),
      went(9, 'm/w', 'xstate.promise.resolve', undefined, 'done'),
      went(9, 'm', 'xstate.done.actor.w', 'c'),
    ]);
    expect(titles(trace)).toEqual(['m begins', 'GO', 'w is done']);
    expect([namesAt(trace, 0), namesAt(trace, 1)]).toEqual([['m'], ['m', 'm/w']]);
    expect(trace.snapshotAt('m/w', 0)).toBeUndefined();
    expect(trace.snapshotAt('m/w', 2)?.status).toBe('done');
  });

  it('call a machine that another invokes by its place, as the list of actors does', () => {
    const trace = traceOf([machine(0, 'm', 'a'), machine(1, '0.m.preparing.locking', 'a', 'm')]);
    expect(trace.steps[1]?.title).toBe('preparing.locking begins');
    expect(trace.actorsAt(1)[1]?.name).toBe('preparing.locking');
  });
});

describe('time', () => {
  it.each(['', ' ', 'NaN', 'soon', 'Infinity'])('%j is no time: it is that of the step before', text => {
    const trace = traceOf([note(1_000, 'one'), note(1_500, 'two'), note(text, 'three'), note(1_600, 'four')]);
    expect(trace.steps.map(({ atMs }) => atMs)).toEqual([0, 500, 500, 600]);
  });

  it.each(['', 'soon'])('does not begin with %j', text => {
    const trace = traceOf([note(text, 'one'), note(5_000, 'two'), note(5_010, 'three')]);
    expect(trace.steps.map(({ atMs }) => atMs)).toEqual([0, 0, 10]);
  });

  it('of what is live begins with the first thing that is told of, not when somebody began to look', () => {
    const trace = traceOf([source(9_000, true), note(1_000, 'a run of before'), note(9_500, 'now')]);
    expect(trace.steps.map(({ atMs }) => atMs)).toEqual([0, 8_500]);
  });
});

describe('time travel', () => {
  it('shows an actor as it was at any step: before its first, between two, after its last', () => {
    const trace = traceOf([
      note(0, 'before'),
      machine(1, 'm', 'a'),
      went(2, 'm', 'GO', 'b'),
      note(3, 'between'),
      went(4, 'm', 'GO', 'c'),
    ]);
    expect([-1, 0, 1, 2, 3, 4, 99].map(step => valueAt(trace, 'm', step))).toEqual([
      undefined,
      undefined,
      'a',
      'b',
      'b',
      'c',
      'c',
    ]);
    expect(valueAt(trace, 'nobody', 2)).toBeUndefined();
    expect([namesAt(trace, 0), namesAt(trace, 1)]).toEqual([[], ['m']]);
  });

  it('shows the host as it was; what it came with is one step with it', () => {
    const [first, second, third] = [{ links: {} }, { links: { eth0: 1 } }, { links: { eth0: 2 } }];
    const trace = traceOf([
      note(0, 'begin'),
      host(5, first),
      effect(7, 'make eth0'),
      host(7, second),
      host(9, third),
      note(11, 'end'),
    ]);
    expect(titles(trace)).toEqual(['begin', 'the host is looked at', 'make eth0', 'host: ~ eth0', 'end']);
    expect([0, 1, 2, 3, 4].map(step => trace.hostAt(step))).toEqual([undefined, first, second, third, third]);
  });

  it('keeps what is known of an actor that is announced again after messages are missing', () => {
    const trace = traceOf([
      machine(0, 'm', 'a'),
      went(1, 'm', 'GO', 'b'),
      { type: '@ovs-uplink.gap', missed: 7 },
      machine(9, 'm', 'd'),
      note(10, 'on it goes'),
    ]);
    expect(titles(trace)).toEqual(['m begins', 'GO', '7 messages are missing here', 'on it goes']);
    expect([0, 1, 2, 3].map(step => valueAt(trace, 'm', step))).toEqual(['a', 'b', 'd', 'd']);
    expect(namesAt(trace, 0)).toEqual(['m']);
  });

  it('shows an actor that was never announced from its first snapshot on', () => {
    const trace = traceOf([note(0, 'begin'), went(1, 'm', 'GO', 'b'), went(2, 'm', 'GO', 'b')]);
    expect(trace.steps.map(({ title, state }) => [title, state])).toEqual([
      ['begin', null],
      ['GO', 'b'],
      ['GO', null],
    ]);
    expect([0, 1, 2].map(step => valueAt(trace, 'm', step))).toEqual([undefined, 'b', 'b']);
  });

  it('shows nothing of a worker that ended at once before the step that began it', () => {
    const trace = traceOf([
      machine(0, 'm', 'a'),
      worker(1, 'm/w', 'm'),
      went(1, 'm/w', 'xstate.init', undefined),
      went(1, 'm/w', 'xstate.error', undefined, 'error'),
      went(1, 'm', 'GO', 'b'),
    ]);
    expect([0, 1].map(step => trace.snapshotAt('m/w', step)?.status)).toEqual([undefined, 'error']);
  });
});

describe('a trace', () => {
  it('knows nothing once it is cleared, and begins its time and its ids anew', () => {
    const trace = traceOf([source(0, true), machine(5, 'm', 'a'), host(9, { links: {} }), probe(9, 'x', true)]);
    const before = trace.version;
    trace.clear();
    expect(trace.version).toBeGreaterThan(before);
    expect([trace.steps, trace.probes, trace.source, trace.actorsAt(9), trace.hostAt(9)]).toEqual([
      [],
      [],
      undefined,
      [],
      undefined,
    ]);
    expect(trace.snapshotAt('m', 9)).toBeUndefined();
    trace.add(note(700, 'first'));
    expect(trace.steps).toMatchObject([{ id: 0, atMs: 0 }]);
  });

  it('drops the oldest steps when it has too many, and is right about those that are left', () => {
    const maxSteps = 100;
    const messages = [machine(0, 'm', 'v0'), machine(0, 'idle', 'a'), host(0, { links: { n: 0 } })];
    for (let n = 1; n <= 250; n += 1) {
      messages.push(transition(n, 'm', 'x', 'y'), went(n, 'm', 'GO', `v${n}`));
      if (n % 40 === 0) messages.push(host(n, { links: { n } }));
    }
    const trace = traceOf(messages, { maxSteps });
    const first = trace.steps[0]!.id;
    expect(trace.steps.length).toBeLessThanOrEqual(maxSteps);
    expect(trace.steps.length).toBeGreaterThan(maxSteps / 2);
    expect(trace.steps.map(({ id }) => id)).toEqual(trace.steps.map((_, index) => first + index));
    for (const { id, atMs } of trace.steps) {
      expect(valueAt(trace, 'm', id)).toBe(`v${atMs}`);
      expect(valueAt(trace, 'idle', id)).toBe('a');
      expect(trace.hostAt(id)).toEqual({ links: { n: atMs - (atMs % 40) } });
      expect(trace.lastTransitions('m', id)?.id).toBe(id);
    }
  });

  it('forgets, with the steps, the actors that ended before: an agent runs for months', () => {
    const messages: WireMessage[] = [machine(0, 'm', 'a')];
    for (let n = 1; n <= 300; n += 1) {
      messages.push(worker(n, `w${n}`, 'm'), went(n, `w${n}`, 'xstate.init', undefined));
      messages.push(went(n, 'm', 'GO', `v${n}`), went(n, `w${n}`, 'xstate.promise.resolve', undefined, 'done'));
    }
    const trace = traceOf(messages, { maxSteps: 50 });
    const last = trace.steps.at(-1)!.id;
    expect(trace.actorsAt(last).length).toBeLessThanOrEqual(52);
    expect(namesAt(trace, last)).toContain('m');
    expect(trace.snapshotAt('w1', last)).toBeUndefined();
    expect(trace.snapshotAt('w300', last)?.status).toBe('done');
  });
});
