import { answersTo, type Link } from '../../../domain/link.ts';
import type { OvsBridge, OvsState } from '../../../domain/ovs-state.ts';
import type { Clock } from '../../../engine/clock.ts';
import { applyMtuRule, classOf, findMinimum, NO_MTU, type Ofproto } from './bridge-ports.ts';
import type { Database } from './database.ts';
import { cacheOf, createNetdevs, type Netdev } from './netdev.ts';
import { DATAPATH_LINK, drawMac, lookUp, type OvsKernel } from './ovs-kernel.ts';
import { type InterfaceErrors, reconfigure } from './reconfigure.ts';
import { writeRows } from './row-writer.ts';

/** What ovs-vswitchd is made with. */
export interface VswitchdOptions {
  readonly clock: Clock;
  readonly kernel: OvsKernel;
  readonly database: Database;
  /** From a wake-up to its being worked off. */
  readonly applyDelayMs: number;
  /** From the start of the process to its first configuration. */
  readonly startDelayMs: number;
  /** From the start of ovsdb-server to the new connection: it backs off for a second. */
  readonly reconnectDelayMs: number;
  readonly hasKernelDatapath: boolean;
  readonly datapathIdOrder: DatapathIdOrder;
}

/** When `datapath_id` shows: in the transaction that raises `cur_cfg`, in one before, or in one after. */
export type DatapathIdOrder = 'with' | 'before' | 'after';

/** ovs-vswitchd, over the kernel and the database. */
export interface Vswitchd {
  state(): 'alive' | 'hung' | 'gone';
  /** Names of the bridges that it has made. */
  hasBridge(name: string): boolean;
  /** It was told not to forward before its flows are restored, and nobody has taken that back. */
  isWaitingForFlows(): boolean;
  /** SIGKILL: taps stay without their carrier, vports go on, flags stay as they are. */
  kill(): void;
  /** SIGTERM, which a hung one does not hear: as {@link kill}, but flags that it turned on are turned off again. */
  terminate(): void;
  /** SIGSTOP: nothing happens, what comes waits. */
  hang(): void;
  /** SIGCONT: what waits is worked off, with what it knew before. */
  continue(): void;
  start(): void;
  onOvsdbStopped(): void;
  onOvsdbStarted(): void;
  /** Fails to make the interface, with this text of `Interface.error`, the next times that it wakes up and tries. */
  failNext(name: string, errorText: string, times: number): void;
}

/** A turn that wakes itself again more often than this has a defect. */
const MAX_TURNS = 16;

/** Starts it on a host where everything that the database asks for is done. */
export function createVswitchd(options: VswitchdOptions): Vswitchd {
  const { clock, kernel, database } = options;
  const failures = new Map<string, { readonly text: string; times: number }>();
  /** Interfaces that were made to fail since it woke up: that counts once. */
  const hasFailed = new Set<string>();
  const defaultMacs = new Map<string, string>();
  let drawn = 0;
  const drawNumber = (): number => {
    drawn += 1;
    return drawn;
  };
  const netdevs = createNetdevs(kernel, drawNumber);
  let state: ReturnType<Vswitchd['state']> = 'alive';
  let isConnected = true;
  let isReconnecting = false;
  /** False in a process that has not been connected yet: it touches nothing. */
  let hasConfig = true;
  let isWaitingForFlows = false;
  let config = database.state();
  const bridges = new Map<string, Ofproto>();
  const datapathLinks = new Map<'netdev' | 'system', Netdev | null>();
  /** The database or a link changed since the last reconfiguration. */
  let isDue = false;
  let events: { readonly isRemoval: boolean; readonly link: Link }[] = [];
  let isRunning = false;
  /** Everything that the configuration asks for is there: a link that is none of ours changes nothing. */
  let isSettled = false;
  let timer: unknown;

  function wake(delayMs = options.applyDelayMs): void {
    if (state !== 'alive' || isRunning || timer !== undefined) return;
    timer = clock.setTimeout(() => {
      timer = undefined;
      run();
    }, delayMs);
  }

  function rest(): void {
    clock.clearTimeout(timer);
    timer = undefined;
  }

  /** Turns of the main loop until nothing is left: bridge_run, then netdev_run, which reads what the kernel told. */
  function run(): void {
    isRunning = true;
    hasFailed.clear();
    for (let turn = 0; turn < MAX_TURNS && isDue; turn += 1) {
      isDue = false;
      if (isConnected) config = database.state();
      if (config.system?.flowRestoreWait !== true) isWaitingForFlows = false;
      const errors = reconfigure({
        kernel,
        netdevs,
        config,
        settings: database.settings,
        bridges,
        datapathLinks,
        hasKernelDatapath: options.hasKernelDatapath,
        defaultMac,
        takeFailure,
      });
      isSettled = errors.size === 0 && config.bridges.length === bridges.size;
      absorbEvents();
      for (const ofproto of bridges.values()) applyMtuRule(netdevs, ofproto);
      absorbEvents();
      publish(errors);
    }
    isRunning = false;
    for (const name of hasFailed) {
      const failure = failures.get(name);
      if (failure !== undefined) failure.times -= 1;
    }
  }

  function publish(errors: InterfaceErrors): void {
    if (!isConnected) return;
    for (const netdev of openNetdevs()) netdevs.lookAgain(netdev);
    const write = (columns: 'datapath-id' | 'rest' | 'all'): void =>
      writeRows(database, { config, bridges, errors, columns });
    if (options.datapathIdOrder === 'with') {
      write('all');
      return;
    }
    if (options.datapathIdOrder === 'before') write('datapath-id');
    write('rest');
    if (options.datapathIdOrder !== 'after') return;
    clock.setTimeout(() => {
      if (state === 'alive' && isConnected) write('datapath-id');
    }, options.applyDelayMs);
  }

  function absorbEvents(): void {
    const told = events;
    events = [];
    for (const { isRemoval, link } of told) {
      for (const ofproto of bridges.values()) {
        for (const { netdev } of ofproto.ports.values()) {
          if (!answersTo(link, netdev.name)) continue;
          netdev.isChanged = true;
          netdev.flags = link.flags;
          netdev.cache = isRemoval ? undefined : cacheOf(link);
          // What a row asks for is looked at again with what is known now; measured: not so after a removal.
          isDue ||= !isRemoval;
        }
      }
    }
  }

  function concerns(link: Link): boolean {
    for (const ofproto of bridges.values()) {
      for (const { netdev } of ofproto.ports.values()) {
        if (netdev.linkIndex === link.index || answersTo(link, netdev.name)) return true;
      }
    }
    return link.name === DATAPATH_LINK.netdev || link.name === DATAPATH_LINK.system;
  }

  function takeFailure(name: string): string | undefined {
    const failure = failures.get(name);
    if (failure === undefined || failure.times <= 0) return undefined;
    hasFailed.add(name);
    return failure.text;
  }

  function defaultMac(bridge: OvsBridge): string {
    const known = defaultMacs.get(bridge.uuid) ?? drawMac(drawNumber());
    defaultMacs.set(bridge.uuid, known);
    return known;
  }

  /** Takes for its own what stands already. */
  function adopt(initial: OvsState): void {
    for (const row of initial.bridges) {
      const datapath = row.datapathType === 'netdev' ? 'netdev' : 'system';
      const mac = lookUp(kernel, row.name)?.mac ?? drawMac(drawNumber());
      defaultMacs.set(row.uuid, mac);
      const ofproto: Ofproto = { name: row.name, datapath, defaultMac: mac, mac, minMtu: NO_MTU, ports: new Map() };
      bridges.set(row.name, ofproto);
      datapathLinks.set(datapath, adoptNetdev(DATAPATH_LINK[datapath], 'internal', datapath) ?? null);
      const ports = initial.ports.filter(port => row.ports.includes(port.uuid)).flatMap(port => port.interfaces);
      for (const each of initial.interfaces) {
        if (!ports.includes(each.uuid) || each.ofport === null || each.ofport < 0) continue;
        const netdev = adoptNetdev(each.name, each.type, datapath);
        if (netdev === undefined) continue;
        netdev.isMtuRequested = database.settings(each.uuid).mtuRequest !== null;
        ofproto.ports.set(each.name, { name: each.name, type: each.type, ofport: each.ofport, netdev });
      }
      ofproto.minMtu = findMinimum(ofproto) ?? NO_MTU;
    }
  }

  function adoptNetdev(name: string, type: string, datapath: 'netdev' | 'system'): Netdev | undefined {
    const link = lookUp(kernel, name);
    if (link === undefined) return undefined;
    return {
      name,
      class: classOf(type, datapath),
      datapath,
      linkIndex: link.index,
      cache: cacheOf(link),
      flags: link.flags,
      hasTurnedOnPromisc: datapath === 'netdev',
      isMtuRequested: false,
      isChanged: false,
    };
  }

  function openNetdevs(): Netdev[] {
    const ports = [...bridges.values()].flatMap(ofproto => [...ofproto.ports.values()].map(port => port.netdev));
    return [...ports, ...[...datapathLinks.values()].filter(netdev => netdev !== null)];
  }

  function die(): void {
    if (state === 'gone') return;
    state = 'gone';
    rest();
    isDue = false;
    events = [];
    for (const netdev of openNetdevs()) if (netdev.class === 'tap') netdevs.abandon(netdev);
    bridges.clear();
    datapathLinks.clear();
  }

  adopt(config);
  database.subscribe(() => {
    // What it wrote itself does not wake it: those columns are on its omit_alert list.
    if (isRunning || !isConnected || state === 'gone') return;
    isDue = true;
    wake();
  });
  kernel.subscribe(event => {
    if (
      state === 'gone' ||
      !hasConfig ||
      (event.type !== 'netlink.link.changed' && event.type !== 'netlink.link.removed')
    )
      return;
    if (isSettled && !concerns(event.link)) return;
    events.push({ isRemoval: event.type === 'netlink.link.removed', link: event.link });
    isDue = true;
    wake();
  });

  return {
    state: () => state,
    isWaitingForFlows: () => isWaitingForFlows,
    hasBridge: name => bridges.has(name),
    kill: die,
    terminate() {
      if (state !== 'alive') return;
      // fatal-signal.c: restore_all_flags of lib/netdev.c.
      for (const netdev of openNetdevs()) netdevs.restoreFlags(netdev);
      die();
    },
    hang() {
      if (state !== 'alive') return;
      state = 'hung';
      rest();
    },
    continue() {
      if (state !== 'hung') return;
      state = 'alive';
      if (isDue) wake();
    },
    start() {
      if (state !== 'gone') return;
      state = 'alive';
      isSettled = false;
      hasConfig = isConnected;
      isWaitingForFlows = database.state().system?.flowRestoreWait === true;
      isDue = isConnected;
      if (isDue) wake(options.startDelayMs);
    },
    onOvsdbStopped() {
      isConnected = false;
      isReconnecting = false;
    },
    onOvsdbStarted() {
      if (isConnected || isReconnecting) return;
      isReconnecting = true;
      clock.setTimeout(() => {
        if (!isReconnecting) return;
        isReconnecting = false;
        isConnected = true;
        hasConfig = true;
        isDue = state !== 'gone';
        wake();
      }, options.reconnectDelayMs);
    },
    failNext(name, text, times) {
      failures.set(name, { text, times });
    },
  };
}
