import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { MoveRequest } from '../../src/domain/move/request.ts';
import type { MoveOutcome } from '../../src/engine/move/run.ts';
import type { RunEvent } from '../../src/engine/run.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { raiseLink } from '../lab/topology.ts';
import { ipBatch } from '../lab/two-ports.ts';
import { watchKernel } from '../lab/watch.ts';
import type { MoveOrder } from './moving/move-process.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

const PROCESS = fileURLToPath(new URL('./moving/move-process.ts', import.meta.url));
const NIC = 'eth5';
const CAPTURE = { linkName: NIC };

describeLive('a NIC that goes into another network namespace', () => {
  it('is there under its new name with one message, and comes home as it was, though it was renamed inside', async () => {
    await using lab = await createLab({ name: 'move' });
    await makeNic(lab);
    const before = await captureTimed(lab, CAPTURE);
    await using watch = await watchKernel(lab.hostNs, ['link']);

    expect(await move(lab)).toMatchObject({ result: 'inUse', failure: null });
    expect(watch.lines.filter(line => /^Deleted .* mtu /.test(line))).toHaveLength(1);
    expect(watch.lines.filter(line => line.includes('net1'))).toEqual([]);
    expect(await linkIn(lab, lab.farNs, 'net1')).toMatchObject({ mtu: 1400, altnames: ['enp5s0'], operstate: 'UP' });
    // Who is inside does what they like with it.
    await ipBatch(lab.farNs, ['link set net1 down', 'link set net1 name inside', 'link set inside mtu 1300']);

    expect(await goHome(lab)).toMatchObject({ result: 'restored', failure: null });
    expect(diffTimed(before, await captureTimed(lab, CAPTURE))).toEqual([]);
    expect(await goHome(lab)).toMatchObject({ result: 'refused' });
  });

  it('is refused where a name is taken there, in use here, or there is no such place, and nothing is changed', async () => {
    await using lab = await createLab({ name: 'movx' });
    await makeNic(lab);
    const before = await captureTimed(lab, CAPTURE);
    await ipBatch(lab.farNs, ['link add net9 type bridge', 'link property add dev net9 altname enp5s0']);
    const refusals = [
      await move(lab, { name: 'net9' }),
      await move(lab),
      await move(lab, { netns: '/run/netns/nowhere' }),
      await move(lab, { name: 'a b' }),
    ];
    await ipBatch(lab.farNs, ['link del net9']);
    await lab.hostIp('route', 'add', 'default', 'via', '10.55.0.9');
    refusals.push(await move(lab));
    await lab.hostIp('route', 'del', 'default');
    expect(refusals.map(each => each.result)).toEqual(refusals.map(() => 'refused'));
    const codes = refusals.map(({ findings, failure }) => findings[0]?.code ?? failure?.what);
    expect(codes).toEqual([
      'move-name-taken',
      'move-altname-taken',
      'cannot open the network namespace',
      'move-name-invalid',
      'move-link-in-use',
    ]);
    expect(diffTimed(before, await captureTimed(lab, CAPTURE))).toEqual([]);
  });

  it('waits here under another name while somebody has its own, and is as it was when that is free', async () => {
    await using lab = await createLab({ name: 'movn' });
    await makeNic(lab);
    const before = await captureTimed(lab, CAPTURE);
    await move(lab);
    await lab.hostIp('link', 'add', NIC, 'type', 'bridge');
    const stranded = await goHome(lab);
    expect(stranded).toMatchObject({ result: 'stranded', failure: { what: 'the name of the link is taken at home' } });
    await lab.hostIp('link', 'del', NIC);
    expect(await goHome(lab)).toMatchObject({ result: 'restored' });
    // The kernel gives another ifindex to a link that comes where its own is taken.
    const left = diffTimed(before, await captureTimed(lab, CAPTURE)).filter(line => !line.includes('ifindex'));
    expect(left).toEqual([]);
  });

  it('is told to be gone when it went with its namespace', async () => {
    await using lab = await createLab({ name: 'movg' });
    await makeNic(lab);
    await using watch = await watchKernel(lab.gatewayNs, ['link']);
    const holder = lab.spawn(lab.farNs, ['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(holder.stdout!, 'data');
    expect(await move(lab, { netns: `/proc/${holder.pid}/ns/net` })).toMatchObject({ result: 'inUse' });
    holder.kill('SIGKILL');
    // Virtual links die with their namespace, and take the other end along.
    await watch.event(line => line.startsWith('Deleted') && line.includes('gw5'), { timeoutMs: 20_000 });
    expect(await goHome(lab)).toMatchObject({ result: 'restored', linkGone: true });
  });

  it.each([
    'leaving.moving',
    'leaving.configuring',
    'leaving.comparing',
    'leaving.committing',
    'returning.bringingHome',
    'returning.restoringName',
    'returning.restoringLink',
    'returning.closingJournal',
  ])('killed at %s, the next start brings it home as it was', async state => {
    await using lab = await createLab({ name: 'movk' });
    await makeNic(lab);
    const before = await captureTimed(lab, CAPTURE);
    if (state.startsWith('returning')) expect(await move(lab)).toMatchObject({ result: 'inUse' });
    await killAt(lab, state);
    const ended = await goHome(lab);
    // Nothing was changed before the journal, and nothing is left to do after it is gone.
    expect(['restored', 'refused']).toContain(ended.result);
    expect(diffTimed(before, await captureTimed(lab, CAPTURE))).toEqual([]);
  });
});

/** A NIC with a bit of everything, whose wire ends in the gateway's namespace. */
async function makeNic(lab: Lab): Promise<void> {
  await ipBatch(lab.gatewayNs, [`link add gw5 type veth peer name ${NIC} netns ${lab.hostNs}`, 'link set gw5 up']);
  await ipBatch(lab.hostNs, [
    `link set ${NIC} mtu 1400 txqueuelen 777 alias kept`,
    `link property add dev ${NIC} altname enp5s0`,
  ]);
  await raiseLink(lab.hostNs, NIC);
  await ipBatch(lab.hostNs, [
    `addr add 10.55.0.1/24 dev ${NIC}`,
    `addr add 10.55.0.2/24 dev ${NIC} label ${NIC}:x`,
    `addr add fd55::1/64 dev ${NIC} nodad`,
    'route add 203.0.113.0/24 via 10.55.0.9',
    'route add fd56::/64 via fd55::9',
    `neigh add 10.55.0.9 lladdr 02:00:00:00:55:09 dev ${NIC}`,
  ]);
  const file = `/proc/sys/net/ipv4/conf/${NIC}/arp_ignore`;
  await lab.run(lab.hostNs, ['sh', '-c', `echo 1 > ${file}`], { check: true });
}

function commandOf(lab: Lab, go: MoveOrder['go']): readonly string[] {
  const order: MoveOrder = { stateDir: lab.stateDir, ovsdb: lab.ovsdbRemote, link: NIC, go };
  return [process.execPath, PROCESS, JSON.stringify(order)];
}

function there(lab: Lab, request: Partial<MoveRequest> = {}): Partial<MoveRequest> {
  const deadlines = { stepMs: 10_000, retryMs: 100 };
  return { netns: `/run/netns/${lab.farNs}`, name: 'net1', deadlines, ...request };
}

async function outcomeOf(lab: Lab, go: MoveOrder['go']): Promise<MoveOutcome> {
  const { stdout, stderr } = await lab.run(lab.hostNs, commandOf(lab, go), { timeoutMs: 60_000 });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{"outcome"')) throw new Error(stdout + stderr);
  return (JSON.parse(last) as { outcome: MoveOutcome }).outcome;
}

function move(lab: Lab, request: Partial<MoveRequest> = {}): Promise<MoveOutcome> {
  return outcomeOf(lab, there(lab, request));
}

function goHome(lab: Lab): Promise<MoveOutcome> {
  return outcomeOf(lab, 'home');
}

/** SIGKILL as soon as the run tells that it is in this state. */
async function killAt(lab: Lab, state: string): Promise<void> {
  const child = lab.spawn(lab.hostNs, commandOf(lab, state.startsWith('returning') ? 'home' : there(lab)), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    const events = said.split('\n').slice(0, -1);
    const isThere = events.some(line => {
      const { event } = JSON.parse(line) as { readonly event?: RunEvent };
      return event?.type === 'state' && event.state === state;
    });
    if (isThere) child.kill('SIGKILL');
  });
  const [, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(resolve =>
    child.once('close', (code, name) => resolve([code, name])),
  );
  expect(signal).toBe('SIGKILL');
}

async function linkIn(lab: Lab, netns: string, name: string): Promise<unknown> {
  const { stdout } = await lab.run(netns, ['ip', '-j', 'link', 'show', name], { check: true });
  return (JSON.parse(stdout) as unknown[])[0];
}
