import { describe, expect, it } from 'vitest';
import type { Cursor, HubLimits } from '../../../src/inspect/bridge/hub.ts';
import { createHub } from '../../../src/inspect/bridge/hub.ts';
import type { Gap } from '../../../src/inspect/wire/encoded.ts';
import { createDecoder, createEncoder } from '../../../src/inspect/wire/encoded.ts';
import type { WireMessage } from '../../../src/inspect/wire/messages.ts';
import { actorMessage, hostMessage, noteMessage, snapshotMessage, sourceMessage } from '../messages.ts';

const read = (cursor: Cursor): (WireMessage | Gap)[] => {
  const messages: (WireMessage | Gap)[] = [];
  for (let one = cursor.next(); one !== null; one = cursor.next()) messages.push(one);
  return messages;
};
const open = (limits: Partial<HubLimits>) => createHub(limits);

describe('a hub', () => {
  it('gives every reader all that is kept, and then what comes', () => {
    const hub = open({});
    hub.publish(actorMessage('a'));
    let news = 0;
    const cursor = hub.open(() => {
      news += 1;
    });
    expect(read(cursor)).toEqual([actorMessage('a')]);
    hub.publish(noteMessage('one'));
    hub.publish(noteMessage('two'));
    expect(news).toBe(1);
    expect(read(cursor)).toEqual([noteMessage('one'), noteMessage('two')]);
    cursor.close();
    hub.publish(noteMessage('three'));
    expect(news).toBe(1);
  });

  it('tells who comes late first the source, then the actors as they were when what is kept began', () => {
    const hub = open({ messages: 3 });
    hub.publish(sourceMessage('demo'));
    hub.publish(hostMessage({ links: { eth0: { up: true } } }));
    hub.publish(actorMessage('a', 0));
    hub.publish(actorMessage('b', 0));
    for (let n = 1; n <= 5; n += 1) hub.publish(snapshotMessage('a', n));
    expect(read(hub.open(() => undefined))).toEqual([
      sourceMessage('demo'),
      { ...actorMessage('a', 0), snapshot: snapshotMessage('a', 2).snapshot },
      actorMessage('b', 0),
      hostMessage({ links: { eth0: { up: true } } }),
      snapshotMessage('a', 3),
      snapshotMessage('a', 4),
      snapshotMessage('a', 5),
    ]);
    expect(hub.counters).toMatchObject({ published: 9, dropped: 6, kept: 3, actors: 2 });
  });

  it('tells a reader that is too slow of the gap, and begins anew with it', () => {
    const hub = open({ messages: 2 });
    const cursor = hub.open(() => undefined);
    hub.publish(actorMessage('a', 0));
    expect(read(cursor)).toHaveLength(1);
    for (let n = 1; n <= 5; n += 1) hub.publish(snapshotMessage('a', n));
    expect(read(cursor)).toEqual([
      { type: '@ovs-uplink.gap', missed: 3 },
      { ...actorMessage('a', 0), snapshot: snapshotMessage('a', 3).snapshot },
      snapshotMessage('a', 4),
      snapshotMessage('a', 5),
    ]);
  });

  it('is bounded in bytes, and counts what contexts share once', () => {
    const hub = open({ bytes: 1_000_000 });
    const shared = { text: 'x'.repeat(10_000) };
    for (let n = 0; n < 1_000; n += 1) hub.publish(snapshotMessage('a', { shared, n }));
    expect(hub.counters).toMatchObject({ kept: 1_000 });
    for (let n = 0; n < 1_000; n += 1) hub.publish(snapshotMessage('a', { text: 'x'.repeat(10_000) }));
    expect(hub.counters.kept).toBeLessThan(110);
    expect(hub.counters.keptBytes).toBeLessThan(1_000_000);
  });

  it('is bounded in actors: those that ended go first, the oldest of them before', () => {
    const hub = open({ messages: 1, actors: 3 });
    for (const name of ['a', 'b', 'c', 'd']) hub.publish(actorMessage(name, 0));
    hub.publish(snapshotMessage('b', 1, 'done'));
    hub.publish(snapshotMessage('a', 1, 'done'));
    hub.publish(actorMessage('e', 0));
    hub.publish(noteMessage('end'));
    expect(read(hub.open(() => undefined)).map(one => ('sessionId' in one ? one.sessionId : one.type))).toEqual([
      'c',
      'd',
      'e',
      '@ovs-uplink.note',
    ]);
    expect(hub.counters.actors).toBeLessThanOrEqual(3);
  });

  it('keeps up with a hundred thousand messages', () => {
    const hub = open({ messages: 1_000 });
    for (let n = 0; n < 100_000; n += 1) hub.publish(snapshotMessage('a', n));
    expect(hub.counters.kept).toBe(1_000);
  });

  it('keeps no more memory for actors with large definitions or contexts of their own', () => {
    const hub = open({ bytes: 8_000_000 });
    const text = (n: number): string => `${n}`.padEnd(200_000, 'x');
    for (let n = 0; n < 500; n += 1) {
      hub.publish({ ...actorMessage(`d${n}`), definition: text(n) });
      hub.publish(actorMessage(`c${n}`, { text: text(n) }));
    }
    const kept = read(hub.open(() => undefined)).reduce((sum, message) => sum + JSON.stringify(message).length, 0);
    expect(kept).toBeLessThan(20_000_000);
    expect(hub.counters.keptBytes).toBeLessThanOrEqual(8_000_000);
    // The newest are there.
    expect(read(hub.open(() => undefined)).at(-1)).toMatchObject({ sessionId: 'c499' });
  });

  it('counts a definition once that many actors share', () => {
    const hub = open({ bytes: 8_000_000 });
    const definition = 'x'.repeat(200_000);
    for (let n = 0; n < 500; n += 1) hub.publish({ ...actorMessage(`a${n}`), definition });
    expect(hub.counters.kept).toBe(500);
  });
});

describe('the encoding of a stream', () => {
  const decodeAll = (messages: readonly (WireMessage | Gap)[]) => {
    const encoder = createEncoder('viewer');
    const decoder = createDecoder();
    const texts = messages.map(message => encoder.encode(message)!);
    return { texts, decoded: texts.map(text => decoder.decode(text)) };
  };

  it('brings every message to a viewer as it was, whatever came before', () => {
    const stream = [
      sourceMessage('demo'),
      snapshotMessage('unknown', 1),
      actorMessage('a', { n: 0, list: [1, 2] }),
      snapshotMessage('a', { n: 1, list: [1, 2, 3] }),
      hostMessage({ links: { eth0: { up: true } } }),
      hostMessage({ links: { eth0: { up: false } }, routes: {} }),
      { type: '@ovs-uplink.gap', missed: 3 } as const,
      snapshotMessage('a', { n: 2 }),
      snapshotMessage('a', { n: 2 }, 'done'),
      snapshotMessage('a', { n: 3 }),
      hostMessage({}),
    ];
    expect(decodeAll(stream).decoded).toEqual(JSON.parse(JSON.stringify(stream)));
  });

  it('costs what changed', () => {
    const big = { text: 'x'.repeat(100_000) };
    const { texts } = decodeAll([actorMessage('a', { big, n: 0 }), snapshotMessage('a', { big, n: 1 })]);
    expect(texts[1]!.length).toBeLessThan(500);
  });

  it('gives Stately’s inspector its three messages, whole, each actor with a definition', () => {
    const encoder = createEncoder('stately');
    expect(encoder.encode(noteMessage('hello'))).toBeNull();
    expect(encoder.encode({ type: '@ovs-uplink.gap', missed: 1 })).toBeNull();
    expect(JSON.parse(encoder.encode(actorMessage('a', 0))!)).toMatchObject({ definition: '{"id":"a"}' });
    expect(JSON.parse(encoder.encode(snapshotMessage('a', 1))!)).toEqual(
      JSON.parse(JSON.stringify(snapshotMessage('a', 1))),
    );
  });

  it('takes a change of what it does not know for a gap, and nonsense for an error', () => {
    const encoder = createEncoder('viewer');
    encoder.encode(actorMessage('a', 0));
    const change = encoder.encode(snapshotMessage('a', 1))!;
    expect(createDecoder().decode(change)).toEqual({ type: '@ovs-uplink.gap', missed: 1 });
    for (const text of ['', 'null', '7', '[]', '{}', '{"type":7}']) {
      expect(() => createDecoder().decode(text)).toThrow(SyntaxError);
    }
  });

  it('survives more actors than either end remembers', () => {
    const stream = Array.from({ length: 2_500 }, (_, index) => actorMessage(`a${index}`, 0));
    const changes = stream.map(({ sessionId }) => snapshotMessage(sessionId, 1));
    expect(decodeAll([...stream, ...changes]).decoded).toEqual(JSON.parse(JSON.stringify([...stream, ...changes])));
  });
});
