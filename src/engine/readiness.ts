import { assign, fromPromise } from 'xstate';
import type { OvsReadinessContext, OvsReadinessEvent } from '../../machines/ovs-readiness.ts';
import { ovsReadiness } from '../../machines/ovs-readiness.ts';
import type { FactNames, OvsFacts } from '../domain/ovs-facts.ts';
import { pickFacts } from '../domain/ovs-facts.ts';
import type { Failure } from '../errors.ts';
import { toFailure, toUplinkError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { provide } from './provide.ts';

/** How often the gate clears flow-restore-wait before it takes somebody else's word for it. */
const MAX_CLEARINGS = 3;

/** What the last look at OVSDB lacks; the reason of `notReady`. */
function whatIsMissing(context: OvsReadinessContext): Failure {
  const { ovs, bridge, awaitedCfg, deadlineMs } = context;
  const failure = (got: string, advice: string): Failure => ({
    code: 'DEADLINE',
    what: `Open vSwitch did not become ready within ${deadlineMs} ms`,
    got,
    advice,
  });
  const system = ovs?.system ?? null;
  if (ovs === null) return failure('no connection to OVSDB', 'start ovsdb-server, or name its address with --ovsdb');
  if (system === null) return failure('the database was never initialised', 'run `ovs-vsctl init`');
  if (awaitedCfg === null || system.curCfg < awaitedCfg) {
    return failure(
      `ovs-vswitchd does not answer (cur_cfg ${system.curCfg}, asked for ${awaitedCfg ?? 'none'})`,
      'start ovs-vswitchd, or see why it hangs',
    );
  }
  if (bridge !== null && ovs.bridge === null) return failure(`no bridge ${bridge}`, 'create it');
  if (bridge !== null && ovs.bridge?.datapathId === null)
    return failure(`bridge ${bridge} has no datapath_id`, 'see the log of ovs-vswitchd');
  if (system.flowRestoreWait && context.clearings > 0) {
    const times = context.clearings === 1 ? 'once' : `${context.clearings} times`;
    return {
      code: context.clearings < MAX_CLEARINGS ? 'DEADLINE' : 'STATE_DIFFERS',
      what: 'flow-restore-wait does not stay cleared',
      object: 'Open_vSwitch other_config:flow-restore-wait',
      expected: 'not true',
      got: `true, although it was cleared ${times}`,
      advice:
        'see who sets it: ovs-ctl while it starts Open vSwitch, or another agent; then it is not yours alone to clear',
    };
  }
  if (system.flowRestoreWait) {
    return failure(
      'flow-restore-wait is set: the bridges forward nothing until it is removed',
      'let whoever set it finish restoring flows: `ovs-vsctl remove open_vswitch . other_config flow-restore-wait`; where it is yours, --clear-flow-restore-wait does that',
    );
  }
  return failure('the features of the datapath are not known', 'see the log of ovs-vswitchd');
}

async function clearFlowRestoreWait(host: Host, signal: AbortSignal): Promise<number> {
  const [result] = await host.apply([{ op: 'ovs.flow-restore-wait.clear' }], signal);
  if (result === undefined || !result.ok) {
    throw toUplinkError(result?.failure ?? { code: 'DEFECT', what: 'an effect without a result' });
  }
  return result.nextCfg ?? 0;
}

/** What became true in a state, for the time line. */
export const READINESS_TEXTS: Readonly<Record<string, string>> = {
  'waiting.connecting': 'waiting for ovsdb-server',
  'waiting.askingVswitchd': 'ovsdb-server answers, the schema is known',
  'waiting.reconnecting': 'OVSDB was lost, connecting again',
  'waiting.awaitingVswitchd': 'waiting for ovs-vswitchd to work off its configuration',
  'waiting.awaitingBridge': 'ovs-vswitchd has applied its configuration',
  'waiting.learningFeatures': 'the bridge has a datapath_id',
  'waiting.awaitingFlowRestore': 'waiting for flow-restore-wait to be off',
  'waiting.clearingFlowRestore': 'clearing flow-restore-wait, as we were told to',
  'waiting.readingFlowRestoreBack': 'waiting for ovs-vswitchd to see that flow-restore-wait was cleared',
  ready: 'flow-restore-wait is off: ready',
  passed: 'flow-restore-wait is off: ready',
  notReady: 'not ready',
};

/** The readiness chart bound to a host. */
export function bindReadiness(host: Host, names: () => FactNames) {
  return provide(ovsReadiness, {
    actors: {
      connectOvsdb: fromPromise<OvsFacts>(async ({ signal }) => pickFacts(await host.connectOvs(signal), names())),
      bumpConfiguration: fromPromise<number>(({ signal }) => host.bumpConfiguration(signal)),
      readFeatures: fromPromise<string, { readonly bridge: string }>(async ({ input, signal }) => {
        try {
          return await host.showDatapathFeatures(input.bridge, signal);
        } catch (error) {
          // A remote OVSDB has no control socket here; its features are then not known, which stops nothing.
          if (toFailure(error).code === 'UNIXCTL_UNREACHABLE') return '';
          throw error;
        }
      }),
      clearFlowRestoreWait: fromPromise<number>(({ signal }) => clearFlowRestoreWait(host, signal)),
    },
    guards: {
      isOnce: ({ context }) => context.once,
      isApplied,
      isClearingApplied: isApplied,
      hasNoBridge: ({ context }) => context.bridge === null,
      isBridgeStanding: ({ context }) => context.ovs?.bridge?.datapathId != null,
      isFlowRestoreDone: ({ context }) => context.ovs?.system?.flowRestoreWait === false,
      mayClearFlowRestore: ({ context }) => context.clearFlowRestoreWait === true && context.clearings < MAX_CLEARINGS,
      isFlowRestoreKept: ({ context }) => context.clearings >= MAX_CLEARINGS,
      hasLostConnection: ({ event }) => failureOf(event).code === 'OVSDB_DISCONNECTED',
    },
    actions: {
      observeFacts: assign(({ event }) => {
        if (event.type === 'ovsdb.facts.changed') return { ovs: event.ovs };
        return 'output' in event ? { ovs: (event as { readonly output: OvsFacts }).output } : {};
      }),
      awaitConfiguration: assign(({ event }) => ({
        awaitedCfg: (event as unknown as { readonly output: number }).output,
      })),
      recordFeatures: assign(({ event }) => ({ features: (event as unknown as { readonly output: string }).output })),
      countClearing: assign(({ context }) => ({ clearings: context.clearings + 1 })),
      recordLoss: assign(({ event }) => ({
        ovs: null,
        awaitedCfg: null,
        failure: event.type === 'ovsdb.connection.lost' ? event.failure : failureOf(event),
      })),
      recordReady: assign(() => ({ failure: null })),
      recordNotReady: assign(({ context, event }) => ({
        failure: 'error' in event ? failureOf(event) : whatIsMissing(context),
      })),
    },
    delays: { readinessDeadline: ({ context }) => context.deadlineMs },
  });
}

function failureOf(event: OvsReadinessEvent): Failure {
  return toFailure((event as unknown as { readonly error?: unknown }).error ?? 'unknown');
}

/** ovs-vswitchd has worked off what was asked of it last. */
function isApplied({ context }: { readonly context: OvsReadinessContext }): boolean {
  return context.awaitedCfg !== null && (context.ovs?.system?.curCfg ?? -1) >= context.awaitedCfg;
}
