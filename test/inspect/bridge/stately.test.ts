import { once } from 'node:events';
import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { createWebSocketInspector, createWebSocketReceiver } from '@statelyai/inspect';
import { describe, expect, it } from 'vitest';
import { assign, createActor, setup } from 'xstate';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import { createHub } from '../../../src/inspect/bridge/hub.ts';
import { createTap } from '../../../src/inspect/tap.ts';
import { runSimulated } from '../simulated-run.ts';
import { openBridge, openViewer } from './clients.ts';

/** What Stately's own receiver gets, until one is as asked. */
function receive(
  server: string,
  isLast: (event: StatelyInspectionEvent) => boolean,
): Promise<StatelyInspectionEvent[]> {
  const events: StatelyInspectionEvent[] = [];
  return new Promise(resolve => {
    createWebSocketReceiver({ server }).subscribe(event => {
      events.push(event);
      if (isLast(event)) resolve(events);
    });
  });
}

const isEnd = (event: StatelyInspectionEvent): boolean =>
  event.type === '@xstate.snapshot' && JSON.stringify(event.snapshot).includes('"value":"committed"');

const clock = { wallTime: () => 0 };

describe('@statelyai/inspect, as it is,', () => {
  it('receives a run of the engine: actors with whole definitions, events and snapshots', async () => {
    const hub = createHub();
    await using bridge = await openBridge(hub);
    const received = receive(bridge.receiverUrl, isEnd);
    const tap = createTap({ publish: hub.publish, clock });
    expect((await runSimulated(tap.inspect)).outcome.result).toBe('committed');
    checkRun(await received);
  });

  it('receives it also when it comes late, when over a thousand messages have gone by', async () => {
    // Few are kept one by one: the definition is long gone from among them.
    const hub = createHub({ messages: 50 });
    const tap = createTap({ publish: hub.publish, clock });
    const noise = createActor(counting, { inspect: tap.inspect }).start();
    for (let time = 0; time < 500; time += 1) noise.send({ type: 'ADD' });
    await runSimulated(tap.inspect);
    for (let time = 0; time < 500; time += 1) noise.send({ type: 'ADD' });
    tap.flush();
    expect(hub.counters.dropped).toBeGreaterThan(2_000);
    await using bridge = await openBridge(hub);
    const events = await receive(bridge.receiverUrl, ({ type, sessionId }) => {
      if (type === '@xstate.snapshot' && sessionId === noise.sessionId) queueMicrotask(() => noise.stop());
      return type === '@xstate.event' && sessionId === noise.sessionId;
    });
    const actor = events.find(one => one.type === '@xstate.actor' && one.name === 'uplink-migration');
    expect(actor).toMatchObject({ snapshot: { value: 'committed' } });
    checkDefinition(actor);
  });

  it('publishes to a viewer', async () => {
    await using bridge = await openBridge();
    const viewer = await openViewer(bridge.feedUrl);
    const inspector = createWebSocketInspector({ url: bridge.publishUrl });
    const actor = createActor(counting, { inspect: inspector.inspect }).start();
    actor.send({ type: 'ADD' });
    await viewer.until(one => one.type === '@xstate.snapshot' && (one.snapshot.context as { n: number }).n === 1);
    const [first] = viewer.messages;
    const sessionId = `p1/${actor.sessionId}`;
    expect(first).toMatchObject({ type: '@xstate.actor', name: 'counting', sessionId, rootId: sessionId });
    expect(JSON.parse((first as { definition: string }).definition)).toMatchObject({ id: 'counting' });
    expect(viewer.messages).toContainEqual(
      expect.objectContaining({ type: '@xstate.event', sessionId, event: { type: 'ADD' } }),
    );
    // It goes, and with it its actors.
    inspector.stop();
    await viewer.until(one => one.type === '@xstate.snapshot' && one.snapshot.status === 'stopped');
    expect(viewer.messages.at(-1)).toMatchObject({ sessionId, snapshot: { value: 'on', context: { n: 1 } } });
    viewer.ws.close();
  });
});

describe('a viewer', () => {
  it('that comes back gets all again, once', async () => {
    const hub = createHub();
    await using bridge = await openBridge(hub);
    const tap = createTap({ publish: hub.publish, clock });
    await runSimulated(tap.inspect);
    tap.flush();
    const isDone = (count: number) => (viewer: { readonly messages: readonly unknown[] }) =>
      viewer.messages.length === count;
    const { kept } = hub.counters;
    const texts: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      const viewer = await openViewer(bridge.feedUrl);
      await viewer.until(() => isDone(kept)(viewer));
      texts.push(JSON.stringify(viewer.messages));
      viewer.ws.terminate();
      await once(viewer.ws, 'close');
    }
    expect(texts[1]).toBe(texts[0]);
  });
});

const counting = setup({
  types: { context: {} as { readonly n: number } },
  actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
}).createMachine({
  id: 'counting',
  context: { n: 0 },
  initial: 'on',
  states: { on: { on: { ADD: { actions: 'count' } } } },
});

function checkDefinition(actor: StatelyInspectionEvent | undefined): void {
  const text = (actor as unknown as { readonly definition: string }).definition;
  const ours = JSON.stringify(JSON.parse(text), (_, value) => (value?.type === '(function)' ? undefined : value));
  expect(ours).toBe(JSON.stringify(uplinkMigration.config));
}

function checkRun(events: readonly StatelyInspectionEvent[]): void {
  for (const event of events) expect(event).toMatchObject({ sessionId: expect.any(String), _version: '0.7.2' });
  const actor = events[0]!;
  expect(actor).toMatchObject({ type: '@xstate.actor', name: 'uplink-migration', snapshot: { status: 'active' } });
  checkDefinition(actor);
  const known = new Set<string>();
  for (const { type, sessionId } of events) {
    if (type === '@xstate.actor') known.add(sessionId);
    else expect(known).toContain(sessionId);
  }
  expect(events.filter(({ type }) => type === '@xstate.event').length).toBeGreaterThan(20);
  expect(JSON.stringify(events)).not.toContain('@ovs-uplink');
}
