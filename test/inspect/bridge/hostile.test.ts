import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createHub } from '../../../src/inspect/bridge/hub.ts';
import { actorMessage, noteMessage, snapshotMessage } from '../messages.ts';
import { ask, openBridge, openDeafClient, openViewer, tryUpgrade } from './clients.ts';

const MiB = 1024 * 1024;

async function openSocket(url: string): Promise<{ readonly ws: WebSocket; readonly closed: Promise<number> }> {
  const ws = new WebSocket(url);
  ws.on('error', () => undefined);
  const closed = once(ws, 'close').then(([code]) => code as number);
  await once(ws, 'open');
  return { ws, closed };
}

describe('a bridge goes on serving others', () => {
  it('when a publisher sends 100 MB, which ends that publisher with 1009', async () => {
    await using bridge = await openBridge();
    const viewer = await openViewer(bridge.feedUrl);
    const large = await openSocket(bridge.publishUrl);
    large.ws.send(Buffer.alloc(100 * MiB, 'x').toString());
    expect(await large.closed).toBeOneOf([1009, 1006]);
    const small = await openSocket(bridge.publishUrl);
    small.ws.send(JSON.stringify(actorMessage('a', 1)));
    await viewer.until(one => one.type === '@xstate.actor');
    viewer.ws.close();
    small.ws.close();
  });

  it('says 1009 to who sends just too much', async () => {
    await using bridge = await openBridge();
    const { ws, closed } = await openSocket(bridge.publishUrl);
    ws.send('x'.repeat(MiB + 1));
    expect(await closed).toBe(1009);
  });

  it.each<[string, string | Buffer]>([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a message without a session', '{"type":"@xstate.actor","_version":"1"}'],
    ['a session that is an object', '{"type":"@xstate.actor","_version":"1","sessionId":{}}'],
    ['a session of 300 characters', `{"type":"@xstate.actor","_version":"1","sessionId":"${'x'.repeat(300)}"}`],
    ['no version', '{"type":"@xstate.actor","sessionId":"x"}'],
    ['an event without a type', '{"type":"@xstate.event","_version":"1","sessionId":"x","event":{}}'],
    ['a message of ours', JSON.stringify(noteMessage('I am the engine'))],
    ['a type from the prototype', '{"type":"__proto__","_version":"1","sessionId":"x"}'],
    ['half a million levels', '['.repeat(500_000)],
  ])('when a publisher sends %s, which is counted and forgotten', async (_, text) => {
    await using bridge = await openBridge();
    const { ws } = await openSocket(bridge.publishUrl);
    const viewer = await openViewer(bridge.feedUrl);
    ws.send(text, { binary: false });
    ws.send(JSON.stringify(actorMessage('after', 1)));
    await viewer.until(one => one.type === '@xstate.actor');
    expect(viewer.messages).toHaveLength(1);
    expect(bridge.counters.rejected).toBe(1);
    ws.close();
    viewer.ws.close();
  });

  it('when a publisher sends what is deep, large or named __proto__, which arrives cut', async () => {
    await using bridge = await openBridge();
    const { ws } = await openSocket(bridge.publishUrl);
    const viewer = await openViewer(bridge.feedUrl);
    const of = (context: string): string =>
      `{"type":"@xstate.actor","_version":"1","sessionId":"x","snapshot":{"status":"active","context":${context}}}`;
    ws.send(of(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`));
    ws.send(of(`[${'{},'.repeat(250_000)}1]`));
    ws.send(of('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"ok":1}'));
    ws.send(JSON.stringify(snapshotMessage('x', 'the last')));
    await viewer.until(one => one.type === '@xstate.snapshot');
    expect(viewer.messages).toHaveLength(4);
    expect(JSON.stringify(viewer.messages[0]).length).toBeLessThan(2_000);
    expect(JSON.stringify(viewer.messages[1]).length).toBeLessThan(20_000);
    expect(viewer.messages[2]).toMatchObject({ snapshot: { context: { ok: 1 } } });
    expect('polluted' in {}).toBe(false);
    ws.close();
    viewer.ws.close();
  });

  it('when fifty clients come, of which sixteen are taken', async () => {
    await using bridge = await openBridge();
    const viewers = await Promise.allSettled(Array.from({ length: 50 }, () => openViewer(bridge.feedUrl)));
    const taken = viewers.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
    expect(taken).toHaveLength(16);
    expect(bridge.counters.clients).toBe(16);
    expect(await tryUpgrade(bridge.feedUrl)).toBe('503 there are 16 clients already; close one');
    bridge.hub.publish(noteMessage('hello'));
    await Promise.all(taken.map(viewer => viewer.until(({ type }) => type === '@ovs-uplink.note')));
    taken[0]!.ws.close();
    await taken[0]!.closed;
    expect(await tryUpgrade(bridge.feedUrl)).toBe('open');
    for (const { ws } of taken) ws.terminate();
  });

  it('when one never reads, which costs bounded memory, and ends it', async () => {
    const hub = createHub({ bytes: 4 * MiB });
    await using bridge = await openBridge(hub, { stallMs: 300 });
    const viewer = await openViewer(bridge.feedUrl);
    const deaf = await openDeafClient(bridge.port, `/feed?token=${bridge.token}`);
    const hungUp = once(deaf, 'close');
    const before = process.memoryUsage().rss;
    // 200 MB, each piece of it its own.
    for (let n = 0; n < 200; n += 1) {
      for (let one = 0; one < 10; one += 1) hub.publish(noteMessage(`${n}`.padEnd(100_000, 'x')));
      await viewer.until(({ type }) => type === '@ovs-uplink.note' || type === '@ovs-uplink.gap');
      viewer.messages.length = 0;
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MiB);
    hub.publish(noteMessage('last'));
    await viewer.until(one => one.type === '@ovs-uplink.note' && one.text === 'last');
    while (bridge.counters.clients > 1) await new Promise(resolve => setImmediate(resolve));
    expect(bridge.counters).toMatchObject({ clients: 1, stalled: 1 });
    deaf.resume();
    await hungUp;
    viewer.ws.close();
  }, 60_000);

  it('when one reads only after a long time, which gets a gap and the actors as they are', async () => {
    const hub = createHub({ bytes: 2 * MiB });
    await using bridge = await openBridge(hub);
    const viewer = await openViewer(bridge.feedUrl);
    hub.publish(actorMessage('a', 0));
    await viewer.until(({ type }) => type === '@xstate.actor');
    viewer.ws.pause();
    const other = await openViewer(bridge.feedUrl);
    for (let n = 1; n <= 400; n += 1) {
      hub.publish(snapshotMessage('a', { n, text: String(n).padEnd(100_000, 'x') }));
      await new Promise(resolve => setImmediate(resolve));
    }
    await other.until(one => one.type === '@xstate.snapshot' && (one.snapshot.context as { n: number }).n === 400);
    viewer.ws.resume();
    await viewer.until(one => one.type === '@xstate.snapshot' && (one.snapshot.context as { n: number }).n === 400);
    const gap = viewer.messages.findIndex(({ type }) => type === '@ovs-uplink.gap');
    expect(gap).toBeGreaterThan(0);
    expect(viewer.messages[gap + 1]).toMatchObject({ type: '@xstate.actor', sessionId: 'a' });
    expect(bridge.counters.missed).toBeGreaterThan(100);
    viewer.ws.close();
    other.ws.close();
  }, 60_000);

  it('when one is killed in mid-stream', async () => {
    await using bridge = await openBridge();
    const viewer = await openViewer(bridge.feedUrl);
    for (let time = 0; time < 10; time += 1) {
      const deaf = await openDeafClient(bridge.port, `/feed?token=${bridge.token}`);
      for (let n = 0; n < 100; n += 1) bridge.hub.publish(noteMessage('x'.repeat(1_000)));
      deaf.resetAndDestroy();
    }
    bridge.hub.publish(noteMessage('last'));
    await viewer.until(one => one.type === '@ovs-uplink.note' && one.text === 'last');
    viewer.ws.close();
  });

  it('when a reader talks, which ends it', async () => {
    await using bridge = await openBridge();
    for (const url of [bridge.feedUrl, bridge.receiverUrl]) {
      const { ws, closed } = await openSocket(url);
      ws.send('hello');
      expect(await closed).toBe(1003);
    }
    const { ws, closed } = await openSocket(bridge.publishUrl);
    ws.send(Buffer.from([1, 2, 3]));
    expect(await closed).toBe(1003);
  });

  it('when somebody breaks the protocol', async () => {
    await using bridge = await openBridge();
    const deaf = await openDeafClient(bridge.port, `/publish?token=${bridge.token}`);
    const closed = once(deaf, 'close');
    deaf.resume().write(Buffer.alloc(64, 0xff));
    await closed;
    expect((await ask(bridge.port, '/')).status).toBe(401);
  });

  it('when what is published is no JSON, against the rules of the hub', async () => {
    await using bridge = await openBridge();
    const viewer = await openViewer(bridge.feedUrl);
    bridge.hub.publish(actorMessage('a', { n: 1n }));
    bridge.hub.publish(noteMessage('after'));
    await viewer.until(({ type }) => type === '@ovs-uplink.note');
    viewer.ws.close();
  });
});

describe('a bridge that ends', () => {
  it('hangs up on everybody, also on those who do not listen, and is gone', async () => {
    const bridge = await openBridge();
    const viewer = await openViewer(bridge.feedUrl);
    const deaf = await openDeafClient(bridge.port, `/feed?token=${bridge.token}`);
    const mute = connect({ port: bridge.port, host: '127.0.0.1' });
    await once(mute, 'connect');
    mute.on('error', () => undefined);
    await bridge.close();
    expect(await viewer.closed).toBe(1001);
    await expect(ask(bridge.port, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    deaf.destroy();
    mute.destroy();
  });
});
