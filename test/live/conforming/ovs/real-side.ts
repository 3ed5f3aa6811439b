import { type FileHandle, open } from 'node:fs/promises';
import type { Link } from '../../../../src/domain/link.ts';
import type { OvsState } from '../../../../src/domain/ovs-state.ts';
import { isUplinkError, toFailure } from '../../../../src/errors.ts';
import type { HostEvent } from '../../../../src/host/host.ts';
import { createOvsLink, type OvsLink } from '../../../../src/host/linux-ovs.ts';
import { DATAPATH_LINK } from '../../../../src/host/simulated/ovs/ovs-kernel.ts';
import { type Netlink, openNetlink } from '../../../../src/netlink/index.ts';
import {
  createOvsdbClient,
  insert,
  mutate,
  namedUuid,
  type Operation,
  type RowInput,
  transactBumped,
  update,
} from '../../../../src/ovsdb/index.ts';
import { createUnixctlClient } from '../../../../src/unixctl/index.ts';
import { createLab, type Lab } from '../../../lab/lab.ts';
import { imageOf } from './image.ts';
import type { OperationOutcome, OvsImage, OvsOperation } from './operation.ts';

/** A real ovsdb-server and ovs-vswitchd with links beside them, over our own clients. */
export interface RealSide extends AsyncDisposable {
  readonly lab: Lab;
  /** What LinuxHost has. */
  readonly ovs: OvsLink;
  readonly events: HostEvent[];
  /** Carries out one operation and resolves when nothing moves any more. */
  carryOut(operation: OvsOperation): Promise<OperationOutcome>;
  image(): Promise<OvsImage>;
  raw(): Promise<{ ovs: OvsState | undefined; links: readonly Link[] }>;
  /** Everything as at the start. */
  reset(): Promise<void>;
}

/** A bridge that stands all the time: the first and the last of the userspace datapath cost a tenth of a second each. */
export const ANCHOR = 'anchor';
const STANDING: readonly string[] = [ANCHOR, DATAPATH_LINK.netdev];
const LIMIT_MS = 20_000;
/** This many looks in a row must show the same. */
const STILL = 3;

/** Makes a lab of its own. */
export async function createRealSide(): Promise<RealSide> {
  const lab = await createLab({ name: 'conf' });
  const events: HostEvent[] = [];
  const ovs = createOvsLink(lab.ovsdbRemote, undefined, event => events.push(event));
  const signal = (): AbortSignal => AbortSignal.timeout(LIMIT_MS);
  await ovs.connect(signal());
  // Somebody else's hand: a connection of its own.
  const foreign = createOvsdbClient({ remotes: lab.ovsdbRemote, reconnect: { minDelayMs: 1, maxDelayMs: 20 } });
  await foreign.connect();
  const netlink = openNetlink({ netnsPath: `/run/netns/${lab.hostNs}` });
  const peers: Peers = { netns: await open(`/run/netns/${lab.farNs}`), count: 0 };
  const startedWith = new Set((await netlink.links()).map(link => link.name));
  let unixctl = createUnixctlClient({ path: lab.vswitchdCtl });

  let isHung = false;
  let hasDied = false;
  const isAnswering = (): boolean => lab.vswitchdPid() !== null && !isHung;

  async function transact(operations: readonly Operation[]): Promise<void> {
    await transactBumped(foreign, operations, { signal: signal() });
  }

  async function look(): Promise<{ ovs: OvsState | undefined; links: readonly Link[] }> {
    return { ovs: ovs.state(), links: await netlink.links() };
  }

  /** Two answers of the control socket: at least one whole turn of the main loop began after our change. Then the database has passed on what it was told. */
  async function turn(): Promise<void> {
    if (isAnswering()) {
      await unixctl.version();
      await unixctl.version();
    }
    await foreign.echo();
    // Our own connection has then heard of it, too.
    await ovs.ownRows('none', signal());
    await ovs.ownRows('none', signal());
  }

  async function settle(): Promise<void> {
    let before = '';
    for (let same = 0; same < STILL; ) {
      await turn();
      const now = JSON.stringify(await look());
      const system = ovs.state()?.system;
      const isApplied = !isAnswering() || (system != null && system.curCfg >= system.nextCfg);
      same = now === before && isApplied ? same + 1 : 0;
      before = now;
    }
  }

  async function act(operation: OvsOperation): Promise<void> {
    switch (operation.op) {
      case 'commit':
        await ovs.commit(operation.effect, signal());
        return;
      case 'bump':
        return transact([]);
      case 'flow-restore-wait':
        return transact([
          operation.value
            ? mutate('Open_vSwitch', [], [['other_config', 'insert', { 'flow-restore-wait': 'true' }]])
            : mutate('Open_vSwitch', [], [['other_config', 'delete', ['flow-restore-wait']]]),
        ]);
      case 'vswitchd.kill':
        isHung = false;
        hasDied = true;
        await lab.stopVswitchd('SIGKILL');
        return;
      case 'vswitchd.stop':
        // A stopped process hears SIGTERM only when it goes on.
        if (isHung) return;
        hasDied = true;
        await lab.stopVswitchd('SIGTERM');
        return;
      case 'vswitchd.hang':
        if (!isAnswering()) return;
        isHung = true;
        lab.pauseVswitchd();
        return;
      case 'vswitchd.continue':
        isHung = false;
        lab.resumeVswitchd();
        return;
      case 'vswitchd.start':
        if (lab.vswitchdPid() !== null) return;
        await lab.startVswitchd();
        await unixctl.close();
        unixctl = createUnixctlClient({ path: lab.vswitchdCtl });
        return;
      case 'ovsdb.restart':
        return restartOvsdb();
      case 'bridge.add':
      case 'bridge.remove':
      case 'port.add':
      case 'port.remove':
      case 'mtu.request':
        return transact(toTransaction(operation, ovs.state()));
      default:
        return actOnLink(netlink, peers, operation);
    }
  }

  async function restartOvsdb(): Promise<void> {
    await lab.stopOvsdb();
    await lab.startOvsdb();
    await ovs.connect(signal());
    await foreign.connect({ signal: signal() });
    // ovs-vswitchd backs off before it connects again.
    await transact([]);
  }

  await act({ op: 'bridge.add', name: ANCHOR, datapathType: 'netdev' });
  await settle();
  return {
    lab,
    ovs,
    events,
    async carryOut(operation) {
      let outcome: OperationOutcome = 'ok';
      try {
        await act(operation);
      } catch (error) {
        outcome = outcomeOf(error);
      }
      await settle();
      return outcome;
    },
    async image() {
      const { ovs: state, links } = await look();
      if (state === undefined) throw new Error('never connected');
      return imageOf(state, links, ovs.connected(), startedWith);
    },
    raw: look,
    async reset() {
      if (isHung) await act({ op: 'vswitchd.continue' });
      if (lab.vswitchdPid() === null) await act({ op: 'vswitchd.start' });
      // What a dead ovs-vswitchd left behind is not as a living one makes it: then the anchor is made anew, too.
      const standing = hasDied ? [] : STANDING;
      const others = (ovs.state()?.bridges ?? []).filter(row => !standing.includes(row.name));
      await transact([
        mutate('Open_vSwitch', [], [['bridges', 'delete', others.map(row => row.uuid)]]),
        update('Open_vSwitch', [], { other_config: {} }),
      ]);
      await settle();
      for (const link of await netlink.links()) {
        if (startedWith.has(link.name) || standing.includes(link.name)) continue;
        await netlink.deleteLink(link.index).catch(() => undefined);
      }
      if (hasDied) await act({ op: 'bridge.add', name: ANCHOR, datapathType: 'netdev' });
      hasDied = false;
      await settle();
      events.length = 0;
    },
    async [Symbol.asyncDispose]() {
      await unixctl.close();
      await netlink.close();
      await peers.netns.close();
      await foreign.close();
      await ovs.close();
      await lab.destroy();
    },
  };
}

function toTransaction(
  operation: Extract<OvsOperation, { op: `bridge.${string}` | `port.${string}` | 'mtu.request' }>,
  state: OvsState | undefined,
): readonly Operation[] {
  switch (operation.op) {
    case 'bridge.add':
      return [
        ...insertPort(operation.name, { name: operation.name, type: 'internal' }),
        insert(
          'Bridge',
          {
            name: operation.name,
            datapath_type: operation.datapathType === 'netdev' ? 'netdev' : '',
            ports: [namedUuid('port')],
          },
          'bridge',
        ),
        mutate('Open_vSwitch', [], [['bridges', 'insert', [namedUuid('bridge')]]]),
      ];
    case 'bridge.remove': {
      const bridge = state?.bridges.find(each => each.name === operation.name);
      return bridge === undefined ? [] : [mutate('Open_vSwitch', [], [['bridges', 'delete', [bridge.uuid]]])];
    }
    case 'port.add': {
      const row = { name: operation.name, type: operation.type, mac: operation.mac, mtu_request: operation.mtuRequest };
      return [
        ...insertPort(operation.name, row),
        mutate('Bridge', [['name', '==', operation.bridge]], [['ports', 'insert', [namedUuid('port')]]]),
      ];
    }
    case 'port.remove': {
      const port = state?.ports.find(each => each.name === operation.name);
      if (port === undefined) return [];
      return [mutate('Bridge', [['ports', 'includes', [port.uuid]]], [['ports', 'delete', [port.uuid]]])];
    }
    case 'mtu.request':
      return [update('Interface', [['name', '==', operation.name]], { mtu_request: operation.mtu })];
  }
}

function insertPort(name: string, row: RowInput): readonly Operation[] {
  return [
    insert('Interface', row, 'interface'),
    insert('Port', { name, interfaces: [namedUuid('interface')] }, 'port'),
  ];
}

/** Where the other ends of links go. */
interface Peers {
  readonly netns: FileHandle;
  count: number;
}

async function actOnLink(
  netlink: Netlink,
  peers: Peers,
  operation: Extract<OvsOperation, { op: `link.${string}` | `altname.${string}` }>,
): Promise<void> {
  if (operation.op === 'link.add') {
    // The other end is elsewhere and stays down.
    const { name, mac } = operation;
    return netlink.createLink({
      kind: 'veth',
      name,
      mac,
      peer: { name: `peer-${peers.count++}`, netnsFd: peers.netns.fd },
    });
  }
  // By the name alone, as a tool that was told an ifindex would.
  const link = (await netlink.links()).find(each => each.name === operation.name);
  if (link === undefined) return;
  switch (operation.op) {
    case 'link.remove':
      return netlink.deleteLink(link.index);
    case 'link.rename':
      return netlink.setLink(link.index, { name: operation.to });
    case 'link.mtu':
      return netlink.setLink(link.index, { mtu: operation.mtu });
    case 'link.mac':
      return netlink.setLink(link.index, { mac: operation.mac });
    case 'link.up':
      return netlink.setLink(link.index, { up: operation.up });
    case 'altname.add':
      return netlink.addAltname(link.index, operation.altname);
    case 'altname.remove':
      return netlink.removeAltname(link.index, operation.altname);
  }
}

/** The error's class and the other side's words, without our own. */
export function outcomeOf(error: unknown): OperationOutcome {
  if (!isUplinkError(error)) throw error;
  const failure = toFailure(error);
  return `refused: ${[failure.code, failure.errnoName, failure.ovsdbError].filter(Boolean).join(' ')}`;
}
