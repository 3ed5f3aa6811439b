import { describe, expect, it } from 'vitest';
import { startInspector } from '../../src/inspect/inspector.ts';
import { openViewer, tryUpgrade } from './bridge/clients.ts';
import { runSimulated } from './simulated-run.ts';
import { isWithin, ofType, statesOf } from './source/heard.ts';

const feedOf = (url: string): string => url.replace('http:', 'ws:').replace('/?', '/feed?');

describe('an inspector in the process of the engine', () => {
  it('tells a viewer every state of a run, in order', async () => {
    await using inspector = await startInspector({ title: 'an agent' });
    const viewer = await openViewer(feedOf(inspector.url));
    const { outcome, events } = await runSimulated(inspector.inspect);
    expect(outcome.result).toBe('committed');
    const told = events.flatMap(event => (event.type === 'state' ? [event.state] : []));
    expect(told.length).toBeGreaterThan(10);
    const isEnd = (message: (typeof viewer.messages)[number]): boolean =>
      message.type === '@xstate.snapshot' && message.snapshot.value === 'committed';
    await viewer.until(isEnd);
    const messages = viewer.messages.flatMap(one => (one.type === '@ovs-uplink.gap' ? [] : [one]));
    expect(messages.length).toBe(viewer.messages.length);
    const root = ofType(messages, '@xstate.actor').find(({ name }) => name === 'uplink-migration')!.sessionId;
    expect(statesOf(messages.filter(one => 'sessionId' in one && one.sessionId === root))).toEqual(told);
    expect(messages[0]).toMatchObject({ type: '@ovs-uplink.source', title: 'an agent', isLive: true });
  });

  it('tells a viewer that comes after the run what it missed', async () => {
    await using inspector = await startInspector();
    const { events } = await runSimulated(inspector.inspect);
    const viewer = await openViewer(feedOf(inspector.url));
    await viewer.until(message => message.type === '@xstate.snapshot' && message.snapshot.value === 'committed');
    const messages = viewer.messages.flatMap(one => (one.type === '@ovs-uplink.gap' ? [] : [one]));
    const told = events.flatMap(event => (event.type === 'state' ? [event.state] : []));
    expect(isWithin(told, statesOf(messages))).toBe(true);
    expect(messages[0]).toMatchObject({ title: `process ${process.pid}` });
  });

  it('changes nothing of a run, and hears on without harm when it is closed', async () => {
    const inspector = await startInspector();
    const [alone, seen] = [await runSimulated(undefined), await runSimulated(inspector.inspect)];
    expect(seen).toEqual(alone);
    await inspector.close();
    expect(await runSimulated(inspector.inspect)).toEqual(alone);
    await inspector.close();
  });

  it('is for who has the token, and says which port is taken', async () => {
    await using inspector = await startInspector();
    const { port, hostname } = new URL(inspector.url);
    expect(hostname).toBe('127.0.0.1');
    expect(await tryUpgrade(`ws://127.0.0.1:${port}/feed`)).toMatch(/^401 /);
    await expect(startInspector({ port: Number(port) })).rejects.toMatchObject({
      code: 'USAGE',
      details: { object: `127.0.0.1:${port}` },
    });
  });

  it('refuses a page of Stately that is none', async () => {
    for (const statelyUrl of ['nonsense', 'file:///etc/passwd', 'javascript:alert(1)'])
      await expect(startInspector({ statelyUrl })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
