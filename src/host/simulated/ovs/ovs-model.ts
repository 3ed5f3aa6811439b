import type { EffectResult } from '../../../domain/effect.ts';
import type { OvsState } from '../../../domain/ovs-state.ts';
import { isMarked } from '../../../domain/ovs-state.ts';
import type { Clock } from '../../../engine/clock.ts';
import { uplinkError } from '../../../errors.ts';
import type { HostEvent, VswitchdState } from '../../host.ts';
import { createConnection, type OvsConnection } from './connection.ts';
import { createDatabase, type InterfaceSettings } from './database.ts';
import { describeFeatures } from './features.ts';
import { createForeignHand, type ForeignHand } from './foreign-hand.ts';
import { deleteVport, isVport } from './netdev.ts';
import { lookUp, type OvsKernel } from './ovs-kernel.ts';
import { createOvsdbServer } from './server.ts';
import { removePorts } from './transactions.ts';
import { createVswitchd, type DatapathIdOrder } from './vswitchd.ts';

/** What {@link createOvsModel} makes; times are virtual ms. */
export interface OvsModelOptions {
  readonly clock: Clock;
  readonly kernel: OvsKernel;
  /** The database with everything in it applied, and the links of its bridges in the kernel. */
  readonly initial: OvsState;
  /** `mac` and `mtu_request` of initial interfaces, by name; default none. */
  readonly settings?: Readonly<Record<string, InterfaceSettings>>;
  /** From a commit or a link event to ovs-vswitchd's having worked it off. Default 5. */
  readonly applyDelayMs?: number;
  /** From the start of ovs-vswitchd to its first configuration. Default 50. */
  readonly startDelayMs?: number;
  /** From ovsdb-server's return to ovs-vswitchd's new connection. Default 1000, its first backoff. */
  readonly vswitchdReconnectDelayMs?: number;
  /** The same for clients. Default 50, our client's first. */
  readonly reconnectDelayMs?: number;
  /** The module openvswitch is there; without it bridges of the type `system` are never made. Default false. */
  readonly hasKernelDatapath?: boolean;
  /** Default `with`. */
  readonly datapathIdOrder?: DatapathIdOrder;
  /** As `object` in failures. Default `unix:/var/run/openvswitch/db.sock`. */
  readonly remotes?: string;
}

/** OVSDB and ovs-vswitchd of one simulated host: all that outlives the processes that talk to them. */
export interface OvsModel extends ForeignHand {
  /** The client of one process. */
  openConnection(): OvsConnection;
  /** What ovsdb-server holds, past any copy. */
  database(): OvsState;
  /** The events of all open connections. */
  subscribe(listener: (event: HostEvent) => void): () => void;
  checkVswitchd(): VswitchdState;
  /** `dpif/show-dp-features`. Throws `UNIXCTL_REFUSED` (`no such bridge`), `UNIXCTL_UNREACHABLE`. */
  features(bridge: string): string;
  /** Packets get through the bridges: ovs-vswitchd runs and does not wait for its flows to be restored. A hung one counts as not running. */
  forwards(): boolean;
  /** Takes a vport out of the kernel datapath over generic netlink; nothing happens where there is none. */
  deleteVport(name: string): EffectResult;

  stopOvsdb(): void;
  startOvsdb(): void;
  /** Ends every connection; the clients open new ones. ovs-vswitchd keeps its own. */
  dropConnection(): void;
  /** The next change of a client is made, but its connection ends before the answer. */
  loseNextAnswer(): void;
  /** Another client takes the lock, from whoever holds it, and gives it back. */
  holdLock(): void;
  freeLock(): void;

  /** SIGKILL, SIGTERM or SIGSTOP. */
  stopVswitchd(how: 'kill' | 'terminate' | 'hang'): void;
  /** Starts one that is gone. */
  startVswitchd(): void;
  /** SIGCONT. */
  continueVswitchd(): void;
  /** The next times that ovs-vswitchd wakes up and tries to make this interface it fails, with this text. */
  failNextInterface(name: string, errorText: string, times: number): void;
  /** Somebody removes every row with a mark of ours. */
  removeOurRows(): void;
}

const REMOTES = 'unix:/var/run/openvswitch/db.sock';

/** Makes Open vSwitch, running, over a kernel. */
export function createOvsModel(options: OvsModelOptions): OvsModel {
  const { clock, kernel, remotes = REMOTES } = options;
  const database = createDatabase(options.initial);
  for (const row of options.initial.interfaces) {
    const settings = options.settings?.[row.name];
    if (settings !== undefined) database.setSettings(row.uuid, settings);
  }
  const server = createOvsdbServer({ clock, database, remotes, reconnectDelayMs: options.reconnectDelayMs ?? 50 });
  const vswitchd = createVswitchd({
    clock,
    kernel,
    database,
    applyDelayMs: options.applyDelayMs ?? 5,
    startDelayMs: options.startDelayMs ?? 50,
    reconnectDelayMs: options.vswitchdReconnectDelayMs ?? 1000,
    hasKernelDatapath: options.hasKernelDatapath ?? false,
    datapathIdOrder: options.datapathIdOrder ?? 'with',
  });
  const listeners = new Set<(event: HostEvent) => void>();
  let losesAnswer = false;
  const takeLostAnswer = (): boolean => {
    const loses = losesAnswer;
    losesAnswer = false;
    return loses;
  };
  const tell = (event: HostEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };
  const foreign = createForeignHand(database);

  return {
    ...foreign,
    openConnection: () => createConnection({ clock, server, remotes, takeLostAnswer, tell }),
    database: () => database.state(),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    checkVswitchd: () => vswitchd.state(),
    features(bridge) {
      if (vswitchd.state() !== 'alive') {
        throw uplinkError('UNIXCTL_UNREACHABLE', {
          what: 'no answer from the control socket',
          object: 'ovs-vswitchd',
          advice: 'check that the daemon runs',
        });
      }
      if (!vswitchd.hasBridge(bridge)) {
        throw uplinkError('UNIXCTL_REFUSED', {
          what: 'the daemon refused the command',
          object: `dpif/show-dp-features ${bridge}`,
          got: 'no such bridge',
        });
      }
      const row = database.state().bridges.find(each => each.name === bridge);
      return describeFeatures(row?.datapathType === 'netdev' ? 'netdev' : 'system');
    },
    forwards: () => vswitchd.state() === 'alive' && !vswitchd.isWaitingForFlows(),
    deleteVport(name) {
      const link = lookUp(kernel, name);
      if (link?.name === name && isVport(kernel, link)) deleteVport(kernel, link);
      return { ok: true };
    },
    stopOvsdb() {
      if (!server.isRunning()) return;
      vswitchd.onOvsdbStopped();
      server.stop();
    },
    startOvsdb() {
      server.start();
      vswitchd.onOvsdbStarted();
    },
    dropConnection: () => server.drop('connection reset'),
    loseNextAnswer() {
      losesAnswer = true;
    },
    holdLock: server.holdLock,
    freeLock: server.freeLock,
    stopVswitchd: how => vswitchd[how](),
    startVswitchd: vswitchd.start,
    continueVswitchd: vswitchd.continue,
    failNextInterface: vswitchd.failNext,
    removeOurRows() {
      database.transact(tables => {
        removePorts(
          tables,
          tables.ports.filter(isMarked).map(row => row.uuid),
        );
        tables.bridges = tables.bridges.filter(row => !isMarked(row));
        tables.nextCfg += 1;
        return undefined;
      });
    },
  };
}
