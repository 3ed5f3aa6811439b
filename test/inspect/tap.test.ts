import { describe, expect, it } from 'vitest';
import type { AnyStateMachine, InspectionEvent } from 'xstate';
import { assign, createActor, createMachine, fromPromise, setup } from 'xstate';
import { createTap } from '../../src/inspect/tap.ts';
import type { WireMessage } from '../../src/inspect/wire/messages.ts';
import { runSimulated } from './simulated-run.ts';

const clock = { wallTime: () => 1_000 };

/** A tap of which the messages are read at will. */
function createHeard() {
  const messages: WireMessage[] = [];
  const tap = createTap({ publish: message => void messages.push(message), clock, whenIdle: () => undefined });
  return {
    tap,
    read(): WireMessage[] {
      tap.flush();
      return messages.splice(0);
    },
  };
}

const counting = setup({
  types: { context: {} as { readonly n: number; readonly big: object } },
  actions: {
    count: assign({ n: ({ context }) => context.n + 1 }),
    fail: () => {
      throw new Error('it broke');
    },
  },
  guards: { isOdd: ({ context }) => context.n % 2 === 1 },
}).createMachine({
  id: 'counting',
  context: { n: 0, big: { list: [1, 2, 3] } },
  initial: 'even',
  on: { FAIL: { actions: 'fail' }, STOP: '.ended' },
  states: {
    even: { on: { ADD: { actions: 'count' } }, always: { guard: 'isOdd', target: 'odd' } },
    odd: { on: { ADD: { actions: 'count', target: 'even' } } },
    ended: { type: 'final' },
  },
});

const types = (messages: readonly WireMessage[]): string[] =>
  messages.map(message => message.type.replace(/^@.*\./, ''));

function of<Type extends WireMessage['type']>(messages: readonly WireMessage[], type: Type) {
  return messages.filter((one): one is Extract<WireMessage, { readonly type: Type }> => one.type === type);
}

describe('a tap', () => {
  it('tells of an actor with the state that it began in, also when it has gone on since', () => {
    const { tap, read } = createHeard();
    const actor = createActor(counting, { inspect: tap.inspect }).start();
    actor.send({ type: 'ADD' });
    const [first] = read();
    expect(first).toMatchObject({
      type: '@xstate.actor',
      name: 'counting',
      sessionId: actor.sessionId,
      rootId: actor.sessionId,
      createdAt: '1000',
      snapshot: { status: 'active', value: 'even', context: { n: 0 } },
    });
    expect(actor.getSnapshot().value).toBe('odd');
  });

  it('tells of an actor that was never started', () => {
    const { tap, read } = createHeard();
    createActor(counting, { inspect: tap.inspect });
    expect(read()).toMatchObject([{ type: '@xstate.actor', snapshot: { value: 'even' } }]);
  });

  it('loses nothing where it is flushed while an actor is being made', () => {
    const { tap, read } = createHeard();
    const inspect = (event: InspectionEvent): void => {
      tap.inspect(event);
      tap.flush();
    };
    const actor = createActor(counting, { inspect }).start();
    actor.send({ type: 'ADD' });
    expect(types(read())).toEqual(['actor', 'event', 'snapshot', 'event', 'transition', 'snapshot']);
    expect(tap.counters).toEqual({ dropped: 0, failed: 0 });
  });

  it('tells the transitions of all steps right before the state that they lead to', () => {
    const { tap, read } = createHeard();
    const actor = createActor(counting, { inspect: tap.inspect }).start();
    read();
    actor.send({ type: 'ADD' });
    const messages = read();
    expect(types(messages)).toEqual(['event', 'transition', 'snapshot']);
    expect(messages[1]).toMatchObject({
      sessionId: actor.sessionId,
      transitions: [
        { source: 'even', targets: [], event: 'ADD', guard: null, actions: ['count'] },
        { source: 'even', targets: ['odd'], event: '', guard: 'isOdd', actions: [] },
      ],
    });
    expect(messages[2]).toMatchObject({ event: { type: 'ADD' }, snapshot: { value: 'odd', context: { n: 1 } } });
  });

  it('keeps what did not change in a context the same object', () => {
    const { tap, read } = createHeard();
    const actor = createActor(counting, { inspect: tap.inspect }).start();
    actor.send({ type: 'ADD' });
    const [one, other] = of(read(), '@xstate.snapshot').map(
      ({ snapshot }) => snapshot.context as { readonly big: object },
    );
    expect(one!.big).toBe(other!.big);
  });

  it('tells of an actor that died of an event, of which XState itself says nothing', () => {
    const { tap, read } = createHeard();
    const actor = createActor(counting, { inspect: tap.inspect });
    actor.subscribe({ error: () => undefined });
    actor.start().send({ type: 'FAIL' });
    expect(read().at(-1)).toMatchObject({
      type: '@xstate.snapshot',
      event: { type: 'FAIL' },
      snapshot: { status: 'error', error: 'it broke' },
    });
  });

  it('tells of children with their parent, and how they ended', async () => {
    const { tap, read } = createHeard();
    const parent = setup({
      actors: { work: fromPromise<number, { readonly of: string }>(async () => 7) },
    }).createMachine({
      id: 'parent',
      invoke: { id: 'work', src: 'work', input: { of: 'seven' }, onDone: '.done' },
      initial: 'busy',
      states: { busy: {}, done: { type: 'final' } },
    });
    const actor = createActor(parent, { inspect: tap.inspect }).start();
    await new Promise(resolve => actor.subscribe({ complete: () => resolve(undefined) }));
    const messages = read();
    const child = of(messages, '@xstate.actor').find(({ name }) => name === 'work');
    expect(child).toMatchObject({ parentId: actor.sessionId, rootId: actor.sessionId, definition: undefined });
    expect(
      of(messages, '@xstate.snapshot')
        .filter(({ sessionId }) => sessionId === child!.sessionId)
        .at(-1),
    ).toMatchObject({
      snapshot: { status: 'done', output: 7 },
    });
  });

  it('joins a system that runs already, with its actors as they are, and leaves it again', () => {
    const { tap, read } = createHeard();
    const parent = setup({ actors: { counting } }).createMachine({
      id: 'parent',
      invoke: { id: 'child', src: 'counting' },
    });
    const actor = createActor(parent as AnyStateMachine).start();
    const child = actor.getSnapshot().children['child'];
    child.send({ type: 'ADD' });
    const detach = tap.attach(child);
    expect(read()).toMatchObject([
      { type: '@xstate.actor', name: 'parent', parentId: undefined },
      { type: '@xstate.actor', name: 'child', parentId: actor.sessionId, snapshot: { value: 'odd' } },
    ]);
    child.send({ type: 'ADD' });
    expect(types(read())).toEqual(['event', 'transition', 'snapshot']);
    detach();
    child.send({ type: 'ADD' });
    expect(read()).toEqual([]);
  });

  it('bounds what waits, says what is missing, and tells of all actors anew', () => {
    const { tap, read } = createHeard();
    const actor = createActor(counting, { inspect: tap.inspect }).start();
    const other = createActor(counting, { inspect: tap.inspect }).start();
    for (let time = 0; time < 20_001; time += 1) actor.send({ type: 'ADD' });
    other.send({ type: 'STOP' });
    const messages = read();
    expect(messages.length).toBeLessThan(12_000);
    const note = messages.findIndex(({ type }) => type === '@ovs-uplink.note');
    expect(messages[note]).toMatchObject({
      text: expect.stringContaining(`${tap.counters.dropped} messages are missing`),
    });
    expect(messages.slice(note + 1)).toMatchObject([
      { type: '@xstate.actor', sessionId: actor.sessionId, snapshot: { context: { n: 20_001 } } },
      { type: '@xstate.actor', sessionId: other.sessionId, snapshot: { status: 'done' } },
    ]);
    actor.send({ type: 'ADD' });
    expect(types(read())).toEqual(['event', 'transition', 'snapshot']);
  });

  it('does not disturb an actor, whatever its reader throws', async () => {
    let calls = 0;
    const tap = createTap({
      publish: () => {
        calls += 1;
        throw new Error('no');
      },
      clock,
    });
    const actor = createActor(counting, { inspect: tap.inspect }).start();
    for (let time = 0; time < 5; time += 1) actor.send({ type: 'ADD' });
    await new Promise(resolve => setImmediate(resolve));
    expect(actor.getSnapshot()).toMatchObject({ status: 'active', context: { n: 5 } });
    expect(calls).toBeGreaterThan(5);
    expect(tap.counters.failed).toBe(calls);
  });

  it('survives a clock that throws, and contexts that cannot be read', () => {
    const messages: WireMessage[] = [];
    let isBroken = false;
    const wallTime = (): number => {
      if (isBroken) throw new Error('no time');
      return 0;
    };
    const tap = createTap({
      publish: message => void messages.push(message),
      clock: { wallTime },
      whenIdle: () => undefined,
    });
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const machine: AnyStateMachine = createMachine({ context: { trap, big: 1n }, on: { GO: {} } } as never);
    const actor = createActor(machine, { inspect: tap.inspect }).start();
    isBroken = true;
    actor.send({ type: 'GO' });
    isBroken = false;
    actor.send({ type: 'GO' });
    tap.flush();
    expect(actor.getSnapshot().status).toBe('active');
    expect(messages.at(-1)).toMatchObject({ snapshot: { context: { trap: '(unreadable)', big: '1' } } });
  });

  it('changes nothing about a run of the engine', async () => {
    const without = await runSimulated(undefined);
    const { tap, read } = createHeard();
    const withTap = await runSimulated(tap.inspect);
    expect(without.outcome.result).toBe('committed');
    expect(withTap).toEqual(without);
    const messages = read();
    expect(JSON.parse(JSON.stringify(messages)).length).toBe(messages.length);
    expect(of(messages, '@xstate.actor')[0]).toMatchObject({ name: 'uplink-migration' });
    expect(of(messages, '@ovs-uplink.transition').length).toBeGreaterThan(10);
    expect(tap.counters).toEqual({ dropped: 0, failed: 0 });
  });
});
