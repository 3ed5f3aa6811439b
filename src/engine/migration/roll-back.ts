import type { StepReport } from '../../../machines/uplink-migration-types.ts';
import type { Effect } from '../../domain/effect.ts';
import type { Link } from '../../domain/link.ts';
import type { RollbackStep } from '../../domain/plan.ts';
import type { StepContext } from '../../domain/steps/context.ts';
import { refOf } from '../../domain/steps/context.ts';
import { rollbackEffects } from '../../domain/steps/rollback.ts';
import { toFailure, uplinkError } from '../../errors.ts';
import type { Host, OwnRows } from '../../host/host.ts';
import type { Clock } from '../clock.ts';
import { underOvsdbLimit, waitUntil } from '../clock.ts';
import type { StepWork } from './carry-out.ts';
import { carryOut, reportOf } from './carry-out.ts';
import type { Needs, Subject } from './look.ts';
import { EVERYTHING, isMadeByOvs, look } from './look.ts';

/** How long ovs-vswitchd gets to answer on its control socket; a turn of its main loop takes up to 0.2 s. */
const CHECK_LIMIT_MS = 1_000;

/** What a step of the way back needs. */
export interface RollbackWork {
  readonly host: Host;
  readonly clock: Clock;
  readonly subject: Subject;
  readonly onEffect: StepWork['onEffect'];
  readonly signal: AbortSignal;
  /** How long a silent ovs-vswitchd gets to let go before we take the link from it. */
  readonly releaseMs: number;
  /** How long one that answers gets. */
  readonly stepMs: number;
  /** Rows may be there that make the uplink a port. */
  readonly mayBeAttached: boolean;
}

/**
 * Carries out one step of the way back. The two that need Open vSwitch do without it when it does not answer: rows then stay for later
 * (`pendingRows`), and what ovs-vswitchd left in the kernel is taken away.
 */
export function rollBack(step: RollbackStep, work: RollbackWork): Promise<StepReport> {
  switch (step) {
    case 'detachingUplink':
      return detachUplink(work);
    case 'removingHostPort':
      return removeHostPort(work);
    case 'unmutingUplink':
      return carryOutStep(step, work, { muted: true });
    case 'restoringUplinkAddresses':
      return restoreUplinkAddresses(work);
    case 'restoringLink':
    case 'returningOwners':
      return carryOutStep(step, work, EVERYTHING);
    case 'restoringRoutes':
      return carryOutStep(step, work, { routes: true });
    case 'restoringName':
      return carryOutStep(step, work, {});
  }
}

async function restoreUplinkAddresses(work: RollbackWork): Promise<StepReport> {
  if (await wouldBeTakenBack(work)) throw takenBack(work);
  return carryOutStep('restoringUplinkAddresses', work, { sysctls: true });
}

/**
 * A kernel datapath that has the uplink, or soon will, under the name that it keeps, rows that cannot be removed, and an ovs-vswitchd that lives by them: whatever we
 * take out of the datapath it puts back with the next link event (bridge.c, bridge_run). The way by the host port works still, so it stays until
 * OVSDB answers.
 */
async function wouldBeTakenBack(work: RollbackWork): Promise<boolean> {
  const { host, subject, clock } = work;
  const { plan } = subject;
  if (plan.names.uplink !== plan.request.uplink || plan.bridge.datapathType === 'netdev') return false;
  const { uplink } = await look(host, subject, clock.wallTime(), {});
  if (uplink === undefined || (uplink.slaveKind !== 'openvswitch' && !work.mayBeAttached)) return false;
  if ((await askOwnRows(work)) !== null) return false;
  return (await host.checkVswitchd(CHECK_LIMIT_MS, work.signal)) === 'alive';
}

function takenBack({ subject }: RollbackWork): Error {
  return uplinkError('OVSDB_UNREACHABLE', {
    what: 'Open vSwitch would take the uplink back at once',
    object: subject.plan.names.uplink,
    expected: 'an OVSDB in which our rows can be removed, or no ovs-vswitchd that lives by them',
    got: 'ovs-vswitchd runs, and OVSDB does not answer',
    advice: 'start ovsdb-server, or stop ovs-vswitchd',
  });
}

function carryOutStep(step: RollbackStep, work: RollbackWork, needs: Needs): Promise<StepReport> {
  return carryOut({
    name: step,
    host: work.host,
    look: () => look(work.host, work.subject, work.clock.wallTime(), needs),
    effects: context => rollbackEffects(step, context),
    onEffect: work.onEffect,
    signal: work.signal,
  });
}

/** Removes rows with the server's own list of them; tells whether it could, and what to wait for. */
async function changeRows(
  step: RollbackStep,
  work: RollbackWork,
): Promise<{ pending: boolean; nextCfg: number | null }> {
  const ownRows = await askOwnRows(work);
  if (ownRows === null) {
    // The kernel's side of the step needs no Open vSwitch.
    await carryOutStep(step, work, { muted: true });
    return { pending: true, nextCfg: null };
  }
  try {
    const { nextCfg } = await carryOutStep(step, work, { ownRows, muted: true });
    return { pending: false, nextCfg };
  } catch (error) {
    if (!toFailure(error).code.startsWith('OVSDB_')) throw error;
    return { pending: true, nextCfg: null };
  }
}

async function askOwnRows({ host, subject, signal, releaseMs, clock }: RollbackWork): Promise<OwnRows | null> {
  try {
    return await underOvsdbLimit(clock, releaseMs, signal, limited => host.ownRows(subject.plan.id, limited));
  } catch (error) {
    signal.throwIfAborted();
    if (!toFailure(error).code.startsWith('OVSDB_')) throw error;
    return null;
  }
}

async function detachUplink(work: RollbackWork): Promise<StepReport> {
  const { host, subject } = work;
  const watch = watchLinks(host);
  try {
    const { pending, nextCfg } = await changeRows('detachingUplink', work);
    if (pending) await work.host.checkVswitchd(CHECK_LIMIT_MS, work.signal);
    const before = await look(host, subject, work.clock.wallTime(), {});
    watch.seed(before.kernel.links);
    const { uplinkIndex, members = [] } = subject.plan;
    const held = (): readonly Link[] =>
      [uplinkIndex, ...members.map(({ index }) => index)]
        .map(index => watch.links.get(index))
        .filter(link => link?.slaveKind === 'openvswitch') as readonly Link[];
    const isReleased = (): boolean => {
      if (held().length > 0) return false;
      const isAway = !watch.links.has(uplinkIndex) && members.length === 0;
      return isAway || nextCfg === null || (host.ovs()?.system?.curCfg ?? 0) >= nextCfg;
    };
    await waitUntil(work.clock, isReleased, watch.onChange, await patienceMs(work, pending), work.signal);
    if (pending && (await wouldBeTakenBack(work))) throw takenBack(work);
    // ovs-vswitchd is dead or stopped: the kernel datapath lets go of the ports when told so directly.
    for (const { name } of held()) await applyAll(work, [{ op: 'vport.delete', port: name }]);
    const context = await look(host, subject, work.clock.wallTime(), {});
    return { ...reportOf(context, nextCfg), pendingRows: pending };
  } finally {
    watch.stop();
  }
}

async function removeHostPort(work: RollbackWork): Promise<StepReport> {
  const { host, subject } = work;
  const watch = watchLinks(host);
  try {
    const { pending, nextCfg } = await changeRows('removingHostPort', work);
    // It may be about to make a link that was asked for before: what it answers now comes after that.
    if (pending) await work.host.checkVswitchd(CHECK_LIMIT_MS, work.signal);
    const before = await look(host, subject, work.clock.wallTime(), {});
    watch.seed(before.kernel.links);
    const leftovers = (): readonly Link[] => [...watch.links.values()].filter(link => isOurs(link, before));
    const isApplied = (): boolean => nextCfg === null || (host.ovs()?.system?.curCfg ?? 0) >= nextCfg;
    const isReleased = (): boolean => isApplied() && leftovers().length === 0;
    await waitUntil(work.clock, isReleased, watch.onChange, await patienceMs(work, pending), work.signal);
    // A stopped ovs-vswitchd still has all of this before it: when it goes on it sets flags by name, also those of the uplink that has
    // its name back by then. Only a dead one cannot.
    const isUnsettled = !isApplied() && (await host.checkVswitchd(CHECK_LIMIT_MS, work.signal)) !== 'gone';
    for (const link of leftovers()) {
      const effect: Effect =
        link.kind === 'openvswitch'
          ? { op: 'vport.delete', port: link.name }
          : { op: 'link.delete', link: refOf(link) };
      await applyAll(work, [effect]);
    }
    const context = await look(host, subject, work.clock.wallTime(), {});
    return { ...reportOf(context, nextCfg), pendingRows: pending || isUnsettled };
  } finally {
    watch.stop();
  }
}

/**
 * How long to wait for ovs-vswitchd to let go: a dead one never does, nor one that cannot read the change; a slow one gets the whole step, one that
 * is silent only a moment.
 */
async function patienceMs({ host, releaseMs, stepMs, signal }: RollbackWork, pending: boolean): Promise<number> {
  if (pending) return 0;
  const state = await host.checkVswitchd(CHECK_LIMIT_MS, signal);
  if (state === 'gone') return 0;
  return state === 'alive' ? Math.max(stepMs, releaseMs) : releaseMs;
}

/** Links that exist only because of this migration: its host port, and the local port of a bridge that it made. */
function isOurs(link: Link, { plan, hostPort }: StepContext): boolean {
  if (link.index === plan.uplinkIndex || !isMadeByOvs(link)) return false;
  if (link.index === hostPort?.index) return true;
  if (link.name === plan.names.bridge) return plan.bridge.create;
  return link.name === plan.names.hostPort;
}

/** Carries effects out once, without asking again whether they are still wanted. */
async function applyAll(work: RollbackWork, effects: readonly Effect[]): Promise<void> {
  let left = effects;
  await carryOut({
    name: 'taking links from Open vSwitch',
    host: work.host,
    look: () => look(work.host, work.subject, work.clock.wallTime(), {}),
    effects: () => {
      const now = left;
      left = [];
      return now;
    },
    onEffect: work.onEffect,
    signal: work.signal,
  });
}

/** A copy of the links, kept by events. */
function watchLinks(host: Host): {
  readonly links: Map<number, Link>;
  seed(links: readonly Link[]): void;
  onChange(check: () => void): () => void;
  stop(): void;
} {
  const links = new Map<number, Link>();
  const told = new Set<number>();
  const listeners = new Set<() => void>();
  const stop = host.subscribe(event => {
    if ('link' in event) told.add(event.link.index);
    if (event.type === 'netlink.link.changed') links.set(event.link.index, event.link);
    else if (event.type === 'netlink.link.removed') links.delete(event.link.index);
    for (const check of listeners) check();
  });
  return {
    links,
    seed: all => {
      // What events have told meanwhile is newer than the dump.
      for (const link of all) if (!told.has(link.index)) links.set(link.index, link);
    },
    onChange: check => {
      listeners.add(check);
      return () => listeners.delete(check);
    },
    stop,
  };
}
