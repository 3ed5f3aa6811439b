import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHub } from '../../../src/inspect/bridge/hub.ts';
import { actorMessage, snapshotMessage } from '../messages.ts';
import { openBridge } from './clients.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** As Stately's page: says that it is there, and takes what has a type and a version (`createBrowserReceiver`). */
const VIEWER = `<!doctype html><script>
window.got = [];
addEventListener('message', ({ data }) => {
  if (data && typeof data.type === 'string' && typeof data._version === 'string') got.push(data);
});
parent.postMessage({ type: '@statelyai.connected' }, '*');
</script>`;

if (!existsSync(CHROMIUM)) console.warn(`skipped: there is no ${CHROMIUM}, and CHROMIUM names no other`);

describe.skipIf(!existsSync(CHROMIUM))('the page of Stately’s inspector', () => {
  let browser: Browser;
  let viewer: Server;
  let statelyUrl: string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    viewer = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(VIEWER)).listen(
      0,
      '127.0.0.1',
    );
    await once(viewer, 'listening');
    statelyUrl = `http://127.0.0.1:${(viewer.address() as AddressInfo).port}/inspect`;
  });

  afterAll(async () => {
    await browser.close();
    viewer.closeAllConnections();
    await new Promise(resolve => viewer.close(resolve));
  });

  /** Types of what the frame got, once there are so many. */
  const received = async (page: Page, count: number): Promise<string[]> => {
    const frame = page.frame({ url: statelyUrl })!;
    await frame.waitForFunction(`window.got?.length >= ${count}`);
    return frame.evaluate(() => (globalThis as unknown as { got: { type: string }[] }).got.map(({ type }) => type));
  };

  it('shows what runs, without a token in its address, and nothing twice when the bridge was gone', async () => {
    const hub = createHub();
    hub.publish(actorMessage('a', 0));
    const first = await openBridge(hub, { statelyUrl });
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(first.statelyUrl);
    expect(await received(page, 1)).toEqual(['@xstate.actor']);
    hub.publish(snapshotMessage('a', 1));
    expect(await received(page, 2)).toEqual(['@xstate.actor', '@xstate.snapshot']);
    expect(page.url()).toBe(`http://127.0.0.1:${first.port}/stately.html`);
    expect(complaints).toEqual([]);
    await first.close();
    await page.getByText('does not answer').waitFor();
    await using _second = await openBridge(hub, { statelyUrl, port: first.port, token: first.token });
    await page.locator('p:empty').waitFor({ state: 'attached' });
    hub.publish(snapshotMessage('a', 2));
    expect(await received(page, 3)).toEqual(['@xstate.actor', '@xstate.snapshot', '@xstate.snapshot']);
    await page.close();
  });

  it('cannot be read by a page of another port', async () => {
    await using bridge = await openBridge(createHub(), { statelyUrl });
    const page = await browser.newPage();
    // This browser has the cookie.
    await page.goto(bridge.url);
    await page.goto(statelyUrl);
    const outcome = await page.evaluate(
      async port => ({
        fetched: await fetch(`http://127.0.0.1:${port}/`, { credentials: 'include' }).then(
          () => 'read',
          () => 'refused',
        ),
        socket: await new Promise(resolve => {
          const made = new WebSocket(`ws://127.0.0.1:${port}/feed`);
          made.onopen = () => resolve('open');
          made.onerror = () => resolve('refused');
        }),
      }),
      bridge.port,
    );
    expect(outcome).toEqual({ fetched: 'refused', socket: 'refused' });
    await page.close();
  });
});
