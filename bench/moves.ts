/**
 * How long it takes to move a NIC into another network namespace and home again: `node bench/moves.ts [--rounds 40]`. Every round does it once each way, in one
 * process and one namespace: the bare request, the `ip` command, the engine by one message and by steps. The engine also judges, keeps a journal on disk (two
 * syncs a move), looks whether all is as asked, and on its way back makes the link what it was.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createEngine } from '../src/engine/create-engine.ts';
import { openNetlink } from '../src/netlink/index.ts';
import { createLab } from '../test/lab/lab.ts';
import { raiseLink } from '../test/lab/topology.ts';
import { describeMachine, printTable, quantile, spread } from './report.ts';

const NIC = 'eth5';
const THERE = 'net1';
const WARM_UP = 3;

/** What the process in the lab's host namespace is told. */
interface Inside {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly target: string;
  readonly rounds: number;
}

type Times = Record<string, { there: number[]; back: number[]; state: number[] }>;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, inside: { type: 'string' } },
});

if (values.inside === undefined) await main();
else console.log(JSON.stringify(await measure(JSON.parse(values.inside) as Inside)));

async function main(): Promise<void> {
  console.log(`Moves: ${describeMachine()}`);
  await using lab = await createLab({ name: 'moves' });
  await lab.run(lab.gatewayNs, `ip link add gw5 type veth peer name ${NIC} netns ${lab.hostNs}`.split(' '), {
    check: true,
  });
  await lab.run(lab.gatewayNs, ['ip', 'link', 'set', 'gw5', 'up'], { check: true });
  await raiseLink(lab.hostNs, NIC);
  await lab.run(lab.hostNs, ['ip', 'addr', 'add', '10.55.0.1/24', 'dev', NIC], { check: true });
  const rounds = Number(values.rounds);
  const { stateDir, ovsdbRemote: ovsdb, farNs } = lab;
  const inside: Inside = { stateDir, ovsdb, target: `/run/netns/${farNs}`, rounds };
  const argv = [process.execPath, fileURLToPath(import.meta.url), '--inside', JSON.stringify(inside)];
  const { stdout } = await lab.run(lab.hostNs, argv, { check: true, timeoutMs: 600_000 });
  const times = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Times;
  const bare = quantile(times['one message, bare']?.there ?? [], 0.5);
  const ratio = (ms: readonly number[]): string => `${(quantile(ms, 0.5) / bare).toFixed(1)}`;
  printTable(
    `${rounds} rounds of a link that is up, ms: median / p95 / worst; ratio of medians to the bare message`,
    ['', 'there', 'ratio', 'of it the kernel’s', 'ratio', 'back, all restored'],
    Object.entries(times).map(([name, { there, state, back }]) => [
      name,
      spread(there, 1),
      ratio(there),
      spread(state, 1),
      state.length === 0 ? '-' : ratio(state),
      spread(back, 1),
    ]),
  );
  console.log(describeMachine());
}

async function measure({ stateDir, ovsdb, target, rounds }: Inside): Promise<Times> {
  await using engine = createEngine({ stateDir, ovsdb });
  await using home = openNetlink();
  await using far = openNetlink({ netnsPath: target });
  const [homeFd, farFd] = [openSync('/proc/self/ns/net', 'r'), openSync(target, 'r')];
  const times: Times = {};
  const index = async (): Promise<number> => (await home.linkByName(NIC))?.index ?? 0;
  const bringBack = async (): Promise<void> => {
    const link = await far.linkByName(THERE);
    await far.setLink(link?.index ?? 0, { netnsFd: homeFd, name: NIC, up: true });
  };

  const ways: Readonly<Record<string, () => Promise<{ there: number; back?: number; state?: number }>>> = {
    'one message, bare': async () => {
      const nic = await index();
      const there = await timed(() => home.setLink(nic, { netnsFd: farFd, name: THERE, up: true }));
      await bringBack();
      return { there };
    },
    'the ip command': async () => {
      const name = target.slice('/run/netns/'.length);
      const there = await timed(async () => {
        execFileSync('ip', ['link', 'set', NIC, 'netns', name, 'name', THERE]);
      });
      await bringBack();
      return { there };
    },
    'the engine, one message': () => byEngine('message'),
    'the engine, by steps': () => byEngine('steps'),
  };
  const byEngine = async (way: 'message' | 'steps') => {
    const run = engine.moveLink({ link: NIC, netns: target, name: THERE, way });
    let state = 0;
    for await (const event of run) {
      if (event.type === 'state' && event.previous === 'leaving.moving') state = event.previousMs;
    }
    const moved = await run.outcome;
    const back = await engine.returnLink({ link: NIC }).outcome;
    if (moved.result !== 'inUse' || back.result !== 'restored') throw new Error(JSON.stringify([moved, back]));
    return { there: moved.durationMs, back: back.durationMs, state };
  };

  for (let round = 0; round < rounds + WARM_UP; round += 1) {
    for (const [name, once] of Object.entries(ways)) {
      const { there, back, state } = await once();
      times[name] ??= { there: [], back: [], state: [] };
      if (round < WARM_UP) continue;
      times[name].there.push(there);
      if (back !== undefined) times[name].back.push(back);
      if (state !== undefined) times[name].state.push(state);
    }
  }
  for (const fd of [homeFd, farFd]) closeSync(fd);
  return times;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
