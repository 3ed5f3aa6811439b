/**
 * What it costs to be looked at: `node bench/inspect.ts [--rounds 12]`. In a lab, one process migrates and restores in turn without an inspector, with one
 * that nobody looks at, with a viewer that reads, and with one that never reads. Then the viewer in Chromium with ten thousand steps.
 */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { setup } from 'xstate';
import { createEngine } from '../src/engine/create-engine.ts';
import type { Engine, EngineOptions } from '../src/engine/engine.ts';
import { createHub } from '../src/inspect/bridge/hub.ts';
import { startBridge } from '../src/inspect/bridge/serve.ts';
import { startInspector } from '../src/inspect/inspector.ts';
import { viewerPage } from '../src/inspect/viewer-page.ts';
import { definitionOf } from '../src/inspect/wire/definition.ts';
import { WIRE_VERSION } from '../src/inspect/wire/messages.ts';
import { CHROMIUM, launchBrowser, openViewerPage } from '../test/inspect/viewer/browser.ts';
import { BRIDGE, createBenchLab } from './bench-lab.ts';
import { describeMachine, printTable, quantile, spread } from './report.ts';

const WARM_UP = 2;
const STEPS = 10_000;

/** What the process in the lab's host namespace is told. */
interface Inside {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly uplink: string;
  readonly rounds: number;
}

type Times = Record<string, { wall: number[]; cpu: number[] }>;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '12' }, inside: { type: 'string' } } });

if (values.inside === undefined) await main();
else console.log(JSON.stringify(await measure(JSON.parse(values.inside) as Inside)));

async function main(): Promise<void> {
  console.log(`Inspection: ${describeMachine()}`);
  {
    await using lab = await createBenchLab();
    const { stateDir, ovsdbRemote: ovsdb, uplinkName: uplink } = lab;
    const inside: Inside = { stateDir, ovsdb, uplink, rounds: Number(values.rounds) };
    const argv = [process.execPath, fileURLToPath(import.meta.url), '--inside', JSON.stringify(inside)];
    const { stdout } = await lab.run(lab.hostNs, argv, { check: true, timeoutMs: 600_000 });
    const times = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Times;
    const none = times['no inspector'];
    printTable(
      `a migration and its restore, ${values.rounds} rounds, ms: median / p95 / worst; ratio of medians`,
      ['', 'wall clock', 'ratio', 'processor time', 'ratio'],
      Object.entries(times).map(([name, { wall, cpu }]) => [
        name,
        spread(wall, 0),
        (quantile(wall, 0.5) / quantile(none?.wall ?? [], 0.5)).toFixed(3),
        spread(cpu, 0),
        (quantile(cpu, 0.5) / quantile(none?.cpu ?? [], 0.5)).toFixed(3),
      ]),
    );
  }
  if (existsSync(CHROMIUM)) await measurePage();
  else console.log(`left out: the viewer, there is no ${CHROMIUM}`);
  console.log(describeMachine());
}

async function measure({ stateDir, ovsdb, uplink, rounds }: Inside): Promise<Times> {
  const times: Times = {};
  const common: EngineOptions = { stateDir, ovsdb, guard: 'none' };
  await using idle = await startInspector();
  await using read = await startInspector();
  await using stalled = await startInspector();
  const reader = new WebSocket(feedOf(read.url));
  reader.on('message', () => undefined);
  await new Promise(resolve => reader.once('open', resolve));
  const deaf = await openDeaf(feedOf(stalled.url));
  const engines: Readonly<Record<string, Engine>> = {
    'no inspector': createEngine(common),
    'an inspector, nobody looks': createEngine({ ...common, inspect: idle.inspect }),
    'a viewer that reads': createEngine({ ...common, inspect: read.inspect }),
    'a viewer that never reads': createEngine({ ...common, inspect: stalled.inspect }),
  };
  for (let round = 0; round < rounds + WARM_UP; round += 1) {
    for (const [name, engine] of Object.entries(engines)) {
      const [wall, cpu] = [performance.now(), process.cpuUsage()];
      const accept = ['primary-uplink-unprotected'];
      const moved = await engine.migrate({ uplink, bridge: BRIDGE, accept }).outcome;
      const back = await engine.restore({ uplink }).outcome;
      if (moved.result !== 'committed' || back.result !== 'rolledBack') throw new Error(JSON.stringify([moved, back]));
      times[name] ??= { wall: [], cpu: [] };
      if (round < WARM_UP) continue;
      times[name].wall.push(performance.now() - wall);
      const { user, system } = process.cpuUsage(cpu);
      times[name].cpu.push((user + system) / 1000);
    }
  }
  for (const engine of Object.values(engines)) await engine[Symbol.asyncDispose]();
  reader.terminate();
  deaf.destroy();
  return times;
}

function feedOf(url: string): string {
  return url.replace('http://', 'ws://').replace('/?', '/feed?');
}

/** A client that asks for the feed and then takes nothing. */
async function openDeaf(url: string) {
  const { port, pathname, search, host } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  await new Promise(resolve => socket.once('readable', resolve));
  return socket;
}

async function measurePage(): Promise<void> {
  const machine = setup({}).createMachine({
    id: 'ping',
    initial: 'left',
    states: { left: { on: { GO: 'right' } }, right: { on: { GO: 'left' } } },
  });
  const hub = createHub({ messages: 2 * STEPS, bytes: 512 << 20 });
  const base = { sessionId: 'x:0', id: null, _version: WIRE_VERSION } as const;
  const context = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`field${at}`, { at }]));
  hub.publish({
    ...base,
    type: '@xstate.actor',
    name: 'ping',
    parentId: undefined,
    definition: definitionOf(machine),
    createdAt: '0',
    snapshot: { status: 'active', value: 'left', context },
  });
  for (let at = 1; at <= STEPS; at += 1) {
    const snapshot = { status: 'active', value: at % 2 === 0 ? 'left' : 'right', context: { ...context, at } } as const;
    hub.publish({ ...base, type: '@xstate.snapshot', createdAt: String(at), event: { type: 'GO' }, snapshot });
  }
  const bridge = await startBridge({ hub, port: 0, page: viewerPage, clock: { wallTime: () => 0 } });
  const browser = await launchBrowser();
  try {
    const paints: number[] = [];
    const loads: number[] = [];
    const steps: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const since = performance.now();
      await using viewer = await openViewerPage(browser, bridge.url);
      await viewer.steps(STEPS + 1);
      loads.push(performance.now() - since);
      const [paint = 0] = await viewer.page.evaluate(() =>
        performance.getEntriesByName('first-contentful-paint').map(({ startTime }) => startTime),
      );
      paints.push(paint);
      await viewer.press('Home');
      for (let at = 0; at < 40; at += 1) {
        const pressed = performance.now();
        await viewer.press('ArrowRight');
        steps.push(performance.now() - pressed);
      }
    }
    printTable(
      `the viewer with ${STEPS} steps and a context of 200 fields, ms: median / p95 / worst`,
      ['', ''],
      [
        ['first paint, as the browser tells it', spread(paints, 0)],
        ['from the address to all of it drawn', spread(loads, 0)],
        ['from a key to the next step drawn (two frames of 16.7 are waited for)', spread(steps, 0)],
      ],
    );
  } finally {
    await browser.close();
    await bridge.close();
  }
}
