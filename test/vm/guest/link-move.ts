import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MoveWay } from '../../../src/domain/move/plan.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { MoveOutcome } from '../../../src/engine/move/run.ts';
import { createLinuxHost } from '../../../src/host/linux-host.ts';
import { runCommand } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';
import type { DyingMove } from '../../live/moving/dying-move.ts';
import { clearingIn, conflictsIn, spoil } from '../../live/moving/spoil.ts';
import { captureTimed, diffTimed } from '../../live/support/unchanged.ts';
import { inSharedLab } from './shared-lab.ts';

/** What was wrong, one line each, and how often a process was killed. */
export interface LinkMoveResult {
  readonly problems: readonly string[];
  readonly killed: number;
}

const DYING = fileURLToPath(new URL('../../live/moving/dying-move.ts', import.meta.url));
/** The guest's NIC, which is hardware to it; in the namespace that it booted with. */
const NIC = 'eth0';
const ALTNAME = 'enp9s0';
const THERE = 'net1';
const FAR = 'mv-far';
/** Made for the case, and deleted with the NIC inside. */
const DOOMED = 'mv-doomed';
const NAMES = { own: NIC, there: THERE, altname: ALTNAME };
const WAYS: readonly MoveWay[] = ['message', 'steps'];

const KILLED_THERE = ['leaving.moving', 'leaving.configuring', 'leaving.comparing', 'leaving.committing'];
const KILLED_BACK = ['bringingHome', 'restoringName', 'restoringLink', 'comparingWithSnapshot', 'closingJournal'].map(
  step => `returning.${step}`,
);

/** A NIC goes into another namespace and comes home, in every way and whatever is in the way; it is as before each time. */
export async function moveThereAndBack(): Promise<LinkMoveResult> {
  return await inSharedLab('plain', async ({ lab }) => {
    const stateDir = await mkdtemp(join(tmpdir(), 'moves-'));
    await run('modprobe virtio_net');
    await run(`ip netns attach first ${process.pid}`);
    await run(`ip netns add ${FAR}`);
    await makeDemanding();
    const home: Lab = { ...lab, hostNs: 'first', uplinkName: NIC };
    const before = await captureTimed(home);
    const problems: string[] = [];
    let killed = 0;
    await using engine = createEngine({ stateDir, ovsdb: lab.ovsdbRemote });

    const expectEnd = (what: string, { result, failure }: MoveOutcome, wanted: MoveOutcome['result']): void => {
      if (result !== wanted) problems.push(`${what}: ${result}, not ${wanted}: ${failure?.code} ${failure?.what}`);
    };
    const expectHome = async (what: string): Promise<void> => {
      problems.push(...diffTimed(before, await captureTimed(home)).map(line => `${what}: ${line}`));
      if ((await engine.moves()).length > 0) problems.push(`${what}: a journal is left`);
    };
    const die = async (order: Pick<DyingMove, 'options' | 'dieAt'>): Promise<void> => {
      const whole = { stateDir, ovsdb: lab.ovsdbRemote, link: NIC, ...order };
      const { code } = await runCommand([process.execPath, DYING, JSON.stringify(whole)], { timeoutMs: 60_000 });
      if (code === 128 + constants.signals.SIGKILL) killed += 1;
      else problems.push(`${order.dieAt}: was not killed there`);
      for (const back of await engine.recoverMoves())
        expectEnd(`killed at ${order.dieAt}`, await back.outcome, 'restored');
      // Where the move stands, or its return had not begun, it is in use.
      if ((await engine.moves()).length > 0) await engine.returnLink({ link: NIC }).outcome;
    };

    for (const way of WAYS) {
      const options = { netns: FAR, name: THERE, way } as const;
      const move = () => engine.moveLink({ link: NIC, ...options }).outcome;
      expectEnd(`${way}: there`, await move(), 'inUse');
      await run(`ip -n ${FAR} link set ${THERE} down`);
      await run(`ip -n ${FAR} link set ${THERE} name inside mtu 1300`);
      expectEnd(`${way}: back`, await goHome(engine), 'restored');
      await expectHome(`${way}: there and back`);

      expectEnd(`${way}: there, to find its own name taken`, await move(), 'inUse');
      await run(`ip -n ${FAR} link add ${NIC} type ifb`);
      expectEnd(`${way}: back by a namespace in between`, await goHome(engine), 'restored');
      await run(`ip -n ${FAR} link del ${NIC}`);
      await expectHome(`${way}: its name was taken there`);

      for (const [what, command] of Object.entries(conflictsIn(FAR, NAMES))) {
        await using host = createLinuxHost({ ovsdb: lab.ovsdbRemote });
        await using spoiled = createEngine({ stateDir, host: spoil(host, [command]) });
        const { result, failure } = await spoiled.moveLink({ link: NIC, ...options }).outcome;
        if (failure?.errnoName !== 'EEXIST') problems.push(`${way}: ${what}: ${result} ${failure?.what}`);
        for (const clearing of clearingIn(FAR, NAMES)) await runCommand(clearing);
        await expectHome(`${way}: ${what}`);
      }
      for (const dieAt of way === 'steps' ? ['in transit', ...KILLED_THERE] : KILLED_THERE) {
        await die({ options, dieAt });
        await expectHome(`${way}: killed at ${dieAt}`);
      }
      for (const dieAt of KILLED_BACK) {
        expectEnd(`${way}: there, before ${dieAt}`, await move(), 'inUse');
        await die({ dieAt });
        await expectHome(`${way}: killed at ${dieAt}`);
      }
    }
    for (const taken of [[], [THERE], [ALTNAME]]) {
      const what = `namespace deleted with the NIC inside, ${taken[0] ?? 'no name'} taken here`;
      await run(`ip netns add ${DOOMED}`);
      expectEnd(what, await engine.moveLink({ link: NIC, netns: DOOMED, name: THERE }).outcome, 'inUse');
      for (const name of taken) await run(`ip link add ${name} type ifb`);
      // The kernel brings it to the first namespace a moment later.
      await run(`ip netns del ${DOOMED}`);
      const isTaken = taken[0] === ALTNAME;
      for (const back of await engine.recoverMoves({ deadlines: { retryMs: 100 } })) {
        expectEnd(what, await back.outcome, isTaken ? 'stranded' : 'restored');
      }
      for (const name of taken) await run(`ip link del ${name}`);
      if (isTaken) expectEnd(`${what}, and free again`, await goHome(engine), 'restored');
      await expectHome(what);
    }
    await rm(stateDir, { recursive: true });
    for (const name of [FAR, 'first']) await run(`ip netns del ${name}`);
    return { problems, killed };
  });
}

async function run(command: string): Promise<void> {
  await runCommand(command.split(' '), { check: true });
}

async function makeDemanding(): Promise<void> {
  // Its link-local address is there at once.
  await run(
    `sysctl -qw net.ipv4.conf.${NIC}.arp_ignore=1 net.ipv6.conf.${NIC}.accept_ra=2 net.ipv6.conf.${NIC}.accept_dad=0`,
  );
  for (const command of [
    `link set ${NIC} mtu 1400 txqueuelen 777 alias kept`,
    `link property add dev ${NIC} altname ${ALTNAME}`,
    `link set ${NIC} up`,
    `addr add 10.55.0.1/24 dev ${NIC}`,
    `addr add 10.55.0.2/24 dev ${NIC} label ${NIC}:x`,
    `addr add fd55::1/64 dev ${NIC} nodad`,
    'route add 203.0.113.0/24 via 10.55.0.9',
    'route add fd56::/64 via fd55::9',
    `neigh add 10.55.0.9 lladdr 02:00:00:00:55:09 dev ${NIC}`,
  ]) {
    await run(`ip ${command}`);
  }
}

function goHome(engine: Engine): Promise<MoveOutcome> {
  return engine.returnLink({ link: NIC }).outcome;
}
