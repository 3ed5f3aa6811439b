import type { Effect, EffectResult } from '../../domain/effect.ts';
import { isOwnerEffect } from '../../domain/effect.ts';
import { NO_OWNERS } from '../../domain/owners.ts';
import type { Probe } from '../../domain/request.ts';
import { formatProbe } from '../../domain/request.ts';
import { underSignals } from '../../engine/clock.ts';
import type { Failure } from '../../errors.ts';
import { isUplinkError, toFailure, uplinkError } from '../../errors.ts';
import type { Host, HostEvent, ProbeOutcome, VswitchdState } from '../host.ts';
import { isOvsEffect } from '../linux-effects.ts';
import type { Refusal } from './kernel/refusal.ts';
import { refusedEffect } from './kernel/refused-effect.ts';
import { createSimulatedNetnses } from './simulated-netns.ts';
import type { Said, SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';
import { askGateways, hasDevice } from './world.ts';

/** Effects that go out as one rtnetlink batch, in which a refused one does not stop the others. */
const IN_BATCH = /^(link\.(set|delete)|altname\.|address\.|route\.|rule\.|neighbour\.)/;

/**
 * The host as one process of a simulated world sees it, behind the same interface as `LinuxHost` and with its ordering: events that a change
 * causes are told before the change counts as done.
 */
export function createSimulatedHost(world: World, process: SimulatedProcess): Host {
  const { kernel, ovs } = world;
  const listeners = new Set<(event: HostEvent) => void>();
  const tell = (event: HostEvent): void => {
    if (process.isDead()) return;
    for (const listener of [...listeners]) listener(event);
  };
  const connection = ovs.openConnection();
  const resync = (): void => tell({ type: 'netlink.resync' });
  world.resyncs.add(resync);
  const stops = [
    kernel.subscribe(event => {
      if (!world.losesEvents) tell(event);
    }),
    connection.subscribe(tell),
    world.owners.subscribe(tell),
    () => world.resyncs.delete(resync),
  ];
  process.onEnd(() => {
    for (const stop of stops) stop();
    listeners.clear();
    connection.close();
  });

  const applyWith = async (
    effects: readonly Effect[],
    signal: AbortSignal,
    carryOut: (effect: Effect) => EffectResult,
  ): Promise<readonly EffectResult[]> => {
    const results: EffectResult[] = [];
    for (const effect of effects) {
      signal.throwIfAborted();
      try {
        const kind = isOvsEffect(effect) ? 'ovsdb' : isOwnerEffect(effect) ? 'owner' : 'netlink';
        const tell = (said: Said): Failure => refusalOf(effect, said);
        const result = await process.operate(kind, effect.op, () => carryOut(effect), signal, tell);
        results.push(result);
        if (!result.ok && !IN_BATCH.test(effect.op)) return results;
      } catch (error) {
        signal.throwIfAborted();
        const failure = toFailure(error);
        // Without an answer nothing is known of the rest of the batch either.
        if (failure.code === 'NETLINK_TIMEOUT' || failure.code === 'DEFECT') throw error;
        results.push({ ok: false, failure });
        if (!IN_BATCH.test(effect.op)) return results;
      }
    }
    return results;
  };
  const netnses = createSimulatedNetnses(world, process, applyWith);

  const carryOut = (effect: Effect): EffectResult => {
    const result = ask(effect);
    world.tried.push({ effect, done: result.ok });
    return result;
  };
  const ask = (effect: Effect): EffectResult => {
    if (isOvsEffect(effect)) return connection.commit(effect);
    if (isOwnerEffect(effect)) return world.owners.apply(effect);
    if (effect.op === 'link.move') return netnses.move(kernel, effect);
    return effect.op === 'vport.delete' ? ovs.deleteVport(effect.port) : kernel.apply(effect);
  };

  return {
    readFacts: () => process.operate('read', 'facts.read', () => ({ ...world.facts, owners: world.owners.read() })),
    readKernel: scope => process.operate('read', 'kernel.read', () => kernel.read(scope)),
    readSysctls: linkName => process.operate('read', 'sysctls.read', () => kernel.sysctls(linkName)),
    mutedLinks: () => process.operate('read', 'muted.read', () => kernel.mutedLinks()),
    readOwners: ({ index }) =>
      process.operate('owner', 'owners.read', () => (index === world.uplinkIndex ? world.owners.read() : NO_OWNERS)),
    // Its udev never changes a MAC.
    awaitUdev: () => Promise.resolve(false),
    openNetns: netnses.openNetns,
    createNetns: netnses.createNetns,
    removeNetns: netnses.removeNetns,
    // Nobody but our own processes is in a namespace.
    findNetns: async () => undefined,
    hasDevice: (_, device) => process.operate('read', 'device.read', () => hasDevice(world, device)),
    probeMove: () => process.operate('read', 'move.probe', () => ({ oneMessage: world.movesInOneMessage })),
    readMoveFacts: () => process.operate('read', 'facts.read', () => ({ identity: world.facts.identity, sriov: null })),
    ovs: () => connection.state(),
    ovsConnected: () => connection.connected(),
    connectOvs: signal =>
      process
        .operate('ovsdb', 'ovs.connect', () => connection.connect(signal), signal)
        .catch(error => {
          if (!signal.aborted || isUplinkError(error)) throw error;
          throw uplinkError('OVSDB_UNREACHABLE', { what: 'OVSDB does not answer' });
        }),
    bumpConfiguration: signal => process.operate('ovsdb', 'ovs.bump', () => connection.bump(), signal),
    ownRows: (id, signal) => process.operate('ovsdb', 'ovs.rows.read', () => connection.ownRows(id), signal),
    checkVswitchd: (limitMs, signal) => checkVswitchd(process, () => ovs.checkVswitchd(), limitMs, signal),
    showDatapathFeatures: (bridge, signal) =>
      process.operate('unixctl', 'vswitchd.features', () => ovs.features(bridge), signal),
    apply: (effects, signal) => applyWith(effects, signal, carryOut),
    probe: (probe, links, timeoutMs, signal) =>
      process.operate(
        'probe',
        `probe ${probe.kind}`,
        () => runProbe(world, process, probe, links, timeoutMs, signal),
        signal,
      ),
    lockOvs: (onLost, signal) => process.operate('lock', 'ovs.lock', () => connection.lock(onLost), signal),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
      connection.close();
    },
  };
}

/** A refusal of an effect as the real host tells it. */
function refusalOf(effect: Effect, said: Said): Failure {
  if (isOvsEffect(effect))
    return { code: 'OVSDB_REFUSED', what: 'OVSDB refused the request', object: effect.op, ...said };
  if (isOwnerEffect(effect))
    return { code: 'OWNER_REFUSED', what: 'the manager of the link refused', object: effect.op, ...said };
  if (effect.op === 'vport.delete') {
    return { code: 'NETLINK_REFUSED', what: 'cannot delete vport', object: effect.port, ...said };
  }
  if (effect.op === 'link.move')
    return { code: 'NETLINK_REFUSED', what: 'cannot move link', object: effect.link.name, ...said };
  return refusedEffect(effect, { ...said, extAck: said.extAck ?? null } as Refusal);
}

/** Asks over the control socket; silence until the limit is an answer, too. */
async function checkVswitchd(
  process: SimulatedProcess,
  ask: () => VswitchdState,
  limitMs: number,
  signal: AbortSignal,
): Promise<VswitchdState> {
  const limit = new AbortController();
  const timer = process.clock.setTimeout(() => limit.abort(), limitMs);
  try {
    const state = await underSignals([signal, limit.signal], async either => {
      const said = await process.operate('unixctl', 'vswitchd.check', ask, either);
      if (said === 'hung') await new Promise(resolve => either.addEventListener('abort', resolve, { once: true }));
      return said;
    });
    if (state !== 'hung') return state;
  } catch (error) {
    // A refusal is an answer.
    if (isUplinkError(error) && error.code === 'UNIXCTL_REFUSED') return 'alive';
  } finally {
    process.clock.clearTimeout(timer);
  }
  signal.throwIfAborted();
  // It may have gone on meanwhile.
  return ask() === 'alive' ? 'alive' : 'hung';
}

async function runProbe(
  world: World,
  process: SimulatedProcess,
  probe: Probe,
  links: readonly number[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  if (probe.kind !== 'gateway') {
    throw uplinkError('UNSUPPORTED', { what: 'a simulated host has only gateways to ask', object: formatProbe(probe) });
  }
  const ask = (): ProbeOutcome['targets'] =>
    [...askGateways(world, links)].map(([target, passed]) => ({
      target,
      passed,
      detail: passed ? 'answers' : 'silent',
    }));
  let targets = ask();
  if (targets.some(target => !target.passed)) {
    // Neighbour discovery asks again until its time is over.
    await new Promise<void>((resolve, reject) => {
      const timer = process.clock.setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, timeoutMs);
      const onAbort = (): void => {
        process.clock.clearTimeout(timer);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
    targets = ask();
  }
  const failed = targets.filter(target => !target.passed);
  return {
    probe,
    passed: targets.length > 0 && failed.length === 0,
    detail: targets.map(t => `${t.target}: ${t.detail}`).join(', ') || 'nothing to ask',
    targets,
  };
}
