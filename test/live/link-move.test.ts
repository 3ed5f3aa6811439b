import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MoveLinkOptions } from '../../src/engine/move/moves.ts';
import type { MoveOutcome } from '../../src/engine/move/run.ts';
import { runCommand } from '../lab/command.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { ipBatch } from '../lab/two-ports.ts';
import { watchKernel } from '../lab/watch.ts';
import type { DyingMove } from './moving/dying-move.ts';
import { namesIn, statesIn } from './moving/link-lines.ts';
import { linkIn, makeNic, NAMES, NIC } from './moving/nic.ts';
import { type Command, conflictsIn } from './moving/spoil.ts';
import type { SpoiledMove } from './moving/spoiled-move.ts';
import { type CliObject, runCli, spawnCli } from './support/cli.ts';
import { sampled } from './support/sampled.ts';

const BIN = fileURLToPath(new URL('../../bin/ovs-uplink', import.meta.url));
const DYING = fileURLToPath(new URL('./moving/dying-move.ts', import.meta.url));
const PROCESS = fileURLToPath(new URL('./moving/spoiled-move.ts', import.meta.url));
const WAYS = ['message', 'steps'] as const;
const STATES = [
  'leaving.moving',
  'leaving.configuring',
  'leaving.comparing',
  'leaving.committing',
  'returning.bringingHome',
  'returning.restoringName',
  'returning.restoringLink',
  'returning.comparingWithSnapshot',
  'returning.closingJournal',
];

/** Between the tries of a way back that waits for somebody; a journal keeps it. */
const SOON = { retryMs: 100 };

/** By steps the kernel meets them where nothing has begun: CI has time for one. */
function conflictsOf(way: (typeof WAYS)[number]): readonly string[] {
  const all = Object.keys(conflictsIn('', NAMES));
  return way === 'message' || process.env['OVS_UPLINK_FAILURES'] === 'all' ? all : all.slice(0, 1);
}

/** CI has time for every sixth state, other ones for each way; `npm run soak:failures` takes all, and test/vm does on Linux 6.1. */
function killedAt(way: (typeof WAYS)[number]): readonly string[] {
  const first = 3 * WAYS.indexOf(way);
  return sampled([...STATES.slice(first), ...STATES.slice(0, first)], 6);
}

describeLive('a NIC that goes into another network namespace', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'move' });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  describe.each(WAYS)('by the way of %s', way => {
    it('is there under its new name, and comes home as it was, though it was renamed inside', async () => {
      await using nic = await makeNic(lab);
      await using home = await watchKernel(lab.hostNs, ['link']);
      await using far = await watchKernel(lab.farNs, ['link']);

      expect(await move(lab, '--way', way)).toMatchObject({ result: 'inUse', failure: null });
      // Nobody at home sees another name, whatever the way.
      expect(statesIn(home.lines, [NIC, 'net1'])).toEqual([`${NIC} DOWN`, `Deleted ${NIC}`]);
      // With one message the kernel shows the old name for a moment where the link arrives.
      expect(namesIn(far.lines)).toEqual(way === 'message' ? [NIC, 'net1'] : ['net1']);
      expect(await linkIn(lab, lab.farNs, 'net1')).toMatchObject({ mtu: 1400, altnames: ['enp5s0'], operstate: 'UP' });
      const [report] = (await runCli(lab, ['status'])).objects.flatMap(each => each.move ?? []);
      expect(report).toMatchObject({ link: NIC, stage: 'inUse', place: 'target', calledThere: 'net1', up: true });
      // Asked again, there is nothing to do.
      expect(await move(lab, '--way', way)).toMatchObject({ result: 'inUse', alreadyDone: true });

      // Who is inside does what they like with it.
      await ipBatch(lab.farNs, ['link set net1 down', 'link set net1 name inside', 'link set inside mtu 1300']);
      const seen = home.lines.length;
      expect(await goHome(lab)).toMatchObject({ result: 'restored', failure: null });
      expect(namesIn(home.lines.slice(seen))).toEqual([NIC]);
      expect(await nic.changes()).toEqual([]);
      expect(await goHome(lab)).toMatchObject({ result: 'refused', failure: { code: 'JOURNAL_MISSING' } });
    });

    it('has its addresses there where that was asked for', async () => {
      await using nic = await makeNic(lab);
      expect(await move(lab, '--way', way, '--keep-addresses')).toMatchObject({ result: 'inUse' });
      const { stdout } = await lab.run(lab.farNs, ['ip', '-br', 'addr', 'show', 'net1'], { check: true });
      expect(stdout).toMatch(/10\.55\.0\.1\/24 10\.55\.0\.2\/24 fd55::1\/64/);
      expect(await goHome(lab)).toMatchObject({ result: 'restored' });
      expect(await nic.changes()).toEqual([]);
    });

    it('may have its new name as an altname already', async () => {
      await using nic = await makeNic(lab);
      expect(
        await outcomeOf(lab, ['move-link', '-i', NIC, '--netns', lab.farNs, '--name', 'enp5s0', '--way', way]),
      ).toMatchObject({ result: 'inUse' });
      expect(await linkIn(lab, lab.farNs, 'enp5s0')).toMatchObject({ ifname: 'enp5s0' });
      expect(await goHome(lab)).toMatchObject({ result: 'restored' });
      expect(await nic.changes()).toEqual([]);
    });

    // What the kernel does by itself: test/netlink/netns-move.test.ts.
    it.each(conflictsOf(way))('is at home as it was when, after all was looked at, %s', async what => {
      await using nic = await makeNic(lab);
      const before = [conflictsIn(lab.farNs, NAMES)[what]!];
      const outcome = await spoiled(lab, { netns: lab.farNs, name: 'net1', way }, before);
      expect(outcome).toMatchObject({ result: 'restored', failure: { errnoName: 'EEXIST' } });
      expect(await nic.changes()).toEqual([]);
    });

    it('goes there all the same when its old name is taken there', async () => {
      await using nic = await makeNic(lab);
      const taking: Command = ['ip', '-n', lab.farNs, 'link', 'add', NIC, 'type', 'bridge'];
      const outcome = await spoiled(lab, { netns: lab.farNs, name: 'net1', way }, [taking]);
      expect(outcome).toMatchObject({ result: 'inUse' });
      // It cannot have its own name there before it comes home, and gets it where nobody looks.
      await using home = await watchKernel(lab.hostNs, ['link']);
      expect(await goHome(lab)).toMatchObject({ result: 'restored' });
      expect(namesIn(home.lines)).toEqual([NIC]);
      expect(await nic.changes()).toEqual([]);
    });

    it.each(killedAt(way))('killed at %s, recover brings it home as it was', async state => {
      await using nic = await makeNic(lab);
      const isReturn = state.startsWith('returning');
      if (isReturn) {
        expect(await move(lab, '--way', way)).toMatchObject({ result: 'inUse' });
        await ipBatch(lab.farNs, ['link set net1 down', 'link set net1 name inside']);
        // Its own name is taken where it is, so that it has to come by a namespace of ours.
        if (way === 'steps') await ipBatch(lab.farNs, [`link add ${NIC} type bridge`]);
      }
      await killAt(lab, state, isReturn ? HOME : there(lab, '--way', way));
      const recovered = await runCli(lab, ['recover']);
      expect(recovered.code, recovered.stdout).toBe(0);
      // Killed when the move stood, or when its return had not begun, it is in use: nothing is to be recovered.
      await goHome(lab);
      expect(await nic.changes()).toEqual([]);
    });
  });

  it.each(['there', 'back'])(
    'killed on the way %s, while it is in a namespace of ours, recover brings it home',
    async way => {
      await using nic = await makeNic(lab);
      if (way === 'back') {
        expect(await move(lab)).toMatchObject({ result: 'inUse' });
        // Its own name is taken where it is.
        await ipBatch(lab.farNs, [`link add ${NIC} type bridge`]);
      }
      await dieInTransit(lab, way === 'there' ? { netns: lab.farNs, name: 'net1', way: 'steps' } : undefined);
      const [report] = (await inHostNs(lab, ['status'])).objects.flatMap(each => each.move ?? []);
      expect(report).toMatchObject({ place: 'transit', up: false });
      expect((await inHostNs(lab, ['recover'])).code).toBe(0);
      expect(await nic.changes()).toEqual([]);
      expect(readdirSync(lab.stateDir).filter(name => !/^lock$|\.flight$/.test(name))).toEqual([]);
    },
  );

  it('is refused where a name is taken there, in use here, or there is no such place, and nothing is changed', async () => {
    await using nic = await makeNic(lab);
    await ipBatch(lab.farNs, ['link add net9 type bridge', 'link property add dev net9 altname enp5s0']);
    const refusals = [
      await move(lab, '--name', 'net9'),
      await move(lab),
      await move(lab, '--netns', 'nowhere'),
      await move(lab, '--name', 'a%d'),
      await move(lab, '--protect-link', 'eth*'),
    ];
    await ipBatch(lab.farNs, ['link del net9']);
    await lab.hostIp('route', 'add', 'default', 'via', '10.55.0.9', 'metric', '9');
    refusals.push(await move(lab));
    await lab.hostIp('route', 'del', 'default', 'metric', '9');
    expect(refusals.map(each => each.result)).toEqual(refusals.map(() => 'refused'));
    const codes = refusals.map(({ findings, failure }) => findings[0]?.code ?? failure?.what);
    expect(codes).toEqual([
      'move-name-taken',
      'move-altname-taken',
      'cannot open the network namespace',
      'move-name-invalid',
      'link-protected',
      'move-link-in-use',
    ]);
    expect(await nic.changes()).toEqual([]);
  });

  it('a port of a bridge is refused, or with --force is one again when it comes home', async () => {
    await using nic = await makeNic(lab, ['link add br5 type bridge', `link set ${NIC} master br5`]);
    expect(await move(lab)).toMatchObject({ result: 'refused', findings: [{ code: 'move-link-in-use' }] });
    expect(await move(lab, '--force')).toMatchObject({ result: 'inUse' });
    expect(await goHome(lab)).toMatchObject({ result: 'restored' });
    expect(await linkIn(lab, lab.hostNs, NIC)).toMatchObject({ master: 'br5' });
    expect(await nic.changes()).toEqual([]);
    await lab.hostIp('link', 'del', 'br5');
  });

  it('a port of Open vSwitch is refused, though with the netdev datapath the kernel knows of none', async () => {
    await using nic = await makeNic(lab);
    await lab.vsctl(
      'add-br',
      'br-x',
      '--',
      'set',
      'bridge',
      'br-x',
      'datapath_type=netdev',
      '--',
      'add-port',
      'br-x',
      NIC,
    );
    const refused = await move(lab);
    await lab.vsctl('del-br', 'br-x');
    expect(refused).toMatchObject({ result: 'refused', findings: [{ code: 'move-link-in-use' }] });
    expect(refused.findings[0]?.message).toContain('br-x');
    expect(await nic.changes()).toEqual([]);
  });

  it('has its ifindex again, though it had another one there', async () => {
    await using nic = await makeNic(lab);
    const { ifindex } = (await linkIn(lab, lab.hostNs, NIC)) as { ifindex: number };
    // Or a link that came there earlier has that ifindex already.
    await lab.run(lab.farNs, ['ip', 'link', 'add', 'name', 'other', 'index', String(ifindex), 'type', 'bridge']);
    expect(await move(lab)).toMatchObject({ result: 'inUse' });
    expect(await linkIn(lab, lab.farNs, 'net1')).not.toMatchObject({ ifindex });
    expect(await goHome(lab)).toMatchObject({ result: 'restored' });
    expect(await nic.changes()).toEqual([]);
  });

  it('waits here under another name while somebody has its own, and is as it was when that is free', async () => {
    await using nic = await makeNic(lab);
    await spoiled(lab, { netns: lab.farNs, name: 'net1', deadlines: SOON }, []);
    await lab.hostIp('link', 'add', NIC, 'type', 'bridge');
    const stranded = await goHome(lab);
    expect(stranded).toMatchObject({ result: 'stranded', failure: { what: 'the name of the link is taken at home' } });
    await lab.hostIp('link', 'del', NIC);
    expect(await goHome(lab)).toMatchObject({ result: 'restored' });
    // The bridge had its ifindex.
    expect((await nic.changes()).filter(line => !line.includes('ifindex'))).toEqual([]);
  });

  it('is home but for an altname while another link here has it, and is as it was when that is free', async () => {
    await using nic = await makeNic(lab);
    await spoiled(lab, { netns: lab.farNs, name: 'net1', deadlines: SOON }, []);
    await lab.hostIp('link', 'add', 'enp5s0', 'type', 'bridge');
    const stranded = await goHome(lab);
    expect(stranded).toMatchObject({ result: 'stranded', failure: { what: 'the link is not as it was' } });
    expect(stranded.failure?.got).toContain('altnames');
    expect(await linkIn(lab, lab.hostNs, NIC)).toMatchObject({ operstate: 'UP' });
    await lab.hostIp('link', 'del', 'enp5s0');
    expect(await goHome(lab)).toMatchObject({ result: 'restored' });
    expect((await nic.changes()).filter(line => !line.includes('ifindex'))).toEqual([]);
  });

  it('is brought home from a namespace whose path is gone, while processes live in it', async () => {
    await using nic = await makeNic(lab);
    const name = `${lab.id}-pod`;
    const holder = await makeNamed(lab, name);
    const moved = await move(lab, '--netns', name);
    await runCommand(['ip', 'netns', 'del', name], { check: true });
    expect(moved).toMatchObject({ result: 'inUse' });
    const [report] = (await runCli(lab, ['status'])).objects.flatMap(each => each.move ?? []);
    expect(report).toMatchObject({ place: 'target', namespaceGone: false });
    // Somebody uses it: nothing is to be recovered.
    expect((await runCli(lab, ['recover'])).objects).toEqual([]);
    expect(await goHome(lab)).toMatchObject({ result: 'restored', linkGone: false });
    expect(await nic.changes()).toEqual([]);
    holder.kill('SIGKILL');
  });

  it('is told to be gone when it went with its namespace, also by recover', async () => {
    for (const command of [HOME, ['recover']]) {
      await using _nic = await makeNic(lab);
      await using watch = await watchKernel(lab.gatewayNs, ['link']);
      const holder = lab.spawn(lab.farNs, ['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await once(holder.stdout!, 'data');
      expect(await move(lab, '--netns', `/proc/${holder.pid}/ns/net`)).toMatchObject({ result: 'inUse' });
      holder.kill('SIGKILL');
      // Virtual links die with their namespace, and take the other end along.
      await watch.event(line => line.startsWith('Deleted') && line.includes('gw5'), { timeoutMs: 20_000 });
      expect(await outcomeOf(lab, command)).toMatchObject({ result: 'restored', linkGone: true });
    }
    expect((await runCli(lab, ['status'])).objects).toEqual([]);
  });

  it('is left alone by a recover that waited for its move to end', async () => {
    await using nic = await makeNic(lab);
    const moving = spawnCli(lab, there(lab));
    await moving.state('leaving.moving');
    moving.kill('SIGSTOP');
    const recovering = spawnCli(lab, ['recover']);
    // Stopped too late the move has ended, and there is nothing to recover.
    await recovering.state('takingOver').catch(() => undefined);
    moving.kill('SIGCONT');
    expect((await moving.ended).code).toBe(0);
    expect((await recovering.ended).code).toBe(0);
    expect(await linkIn(lab, lab.farNs, 'net1')).toMatchObject({ operstate: 'UP' });
    expect(await goHome(lab)).toMatchObject({ result: 'restored' });
    expect(await nic.changes()).toEqual([]);
  });

  it('moves two links at the same time, one after the other', async () => {
    await using first = await makeNic(lab, ['link add eth6 type veth peer name eth7', 'link set eth6 up']);
    const both = await Promise.all([
      move(lab),
      outcomeOf(lab, ['move-link', '-i', 'eth6', '--netns', lab.farNs, '--name', 'net6']),
    ]);
    expect(both.map(each => each.result)).toEqual(['inUse', 'inUse']);
    expect((await runCli(lab, ['return-link', '-i', 'eth6'])).code).toBe(0);
    expect(await goHome(lab)).toMatchObject({ result: 'restored' });
    expect(await first.changes()).toEqual([]);
    await lab.hostIp('link', 'del', 'eth6');
  });
});

/** A new network namespace with a process in it, and a name. */
async function makeNamed(lab: Lab, name: string): Promise<ChildProcess> {
  const holder = lab.spawn(lab.farNs, ['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(holder.stdout!, 'data');
  await runCommand(['ip', 'netns', 'attach', name, String(holder.pid)], { check: true });
  return holder;
}

function there(lab: Lab, ...more: readonly string[]): readonly string[] {
  const has = (flag: string): boolean => more.includes(flag);
  return [
    'move-link',
    '-i',
    NIC,
    ...(has('--netns') ? [] : ['--netns', lab.farNs]),
    ...(has('--name') ? [] : ['--name', 'net1']),
    ...more,
  ];
}

const HOME = ['return-link', '-i', NIC];

async function outcomeOf(lab: Lab, args: readonly string[]): Promise<MoveOutcome> {
  const ended = await runCli(lab, args);
  const moved = ended.objects.findLast(each => each.moved !== undefined)?.moved;
  if (moved === undefined) throw new Error(`exit ${ended.code}: ${ended.stdout}${ended.stderr}`);
  return moved;
}

function move(lab: Lab, ...more: readonly string[]): Promise<MoveOutcome> {
  return outcomeOf(lab, there(lab, ...more));
}

function goHome(lab: Lab): Promise<MoveOutcome> {
  return outcomeOf(lab, HOME);
}

async function spoiled(
  lab: Lab,
  options: Omit<MoveLinkOptions, 'link'>,
  before: readonly Command[],
): Promise<MoveOutcome> {
  const order: SpoiledMove = {
    stateDir: lab.stateDir,
    ovsdb: lab.ovsdbRemote,
    options: { link: NIC, ...options },
    before,
  };
  const { stdout, stderr } = await lab.run(lab.hostNs, [process.execPath, PROCESS, JSON.stringify(order)], {
    timeoutMs: 60_000,
  });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(stdout + stderr);
  return JSON.parse(last) as MoveOutcome;
}

/** In the lab's host namespace, but with the mounts of this process: `ip netns exec` makes some of its own, which end with what it runs. */
function withOurMounts(lab: Lab, argv: readonly string[]): readonly string[] {
  return ['nsenter', `--net=/run/netns/${lab.hostNs}`, ...argv];
}

async function dieInTransit(lab: Lab, options: DyingMove['options']): Promise<void> {
  const { stateDir, ovsdbRemote: ovsdb } = lab;
  const order: DyingMove = { stateDir, ovsdb, link: NIC, dieAt: 'in transit', ...(options && { options }) };
  const { code } = await runCommand(withOurMounts(lab, [process.execPath, DYING, JSON.stringify(order)]));
  expect(code).toBe(137);
}

async function inHostNs(lab: Lab, args: readonly string[]): Promise<{ code: number; objects: readonly CliObject[] }> {
  const argv = [BIN, ...args, '--ovsdb', lab.ovsdbRemote, '--state-dir', lab.stateDir, '--json'];
  const { code, stdout } = await runCommand(withOurMounts(lab, argv));
  return {
    code,
    objects: stdout
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as CliObject),
  };
}

/** SIGKILL as soon as the run tells that it is in this state. */
async function killAt(lab: Lab, state: string, args: readonly string[]): Promise<void> {
  const running = spawnCli(lab, args);
  await running.state(state);
  running.kill('SIGKILL');
  expect((await running.ended).code).toBe(137);
}
