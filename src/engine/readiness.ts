import { assign, fromPromise } from 'xstate';
import type { OvsReadinessContext, OvsReadinessEvent } from '../../machines/ovs-readiness.ts';
import { ovsReadiness } from '../../machines/ovs-readiness.ts';
import type { FactNames, OvsFacts } from '../domain/ovs-facts.ts';
import { pickFacts } from '../domain/ovs-facts.ts';
import type { Failure } from '../errors.ts';
import { toFailure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { provide } from './provide.ts';

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
  if (system.flowRestoreWait) {
    return failure(
      'flow-restore-wait is set: the bridges forward nothing until it is removed',
      'let whoever set it finish restoring flows: `ovs-vsctl remove open_vswitch . other_config flow-restore-wait`',
    );
  }
  return failure('the features of the datapath are not known', 'see the log of ovs-vswitchd');
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
    },
    guards: {
      isOnce: ({ context }) => context.once,
      isApplied: ({ context }) =>
        context.awaitedCfg !== null && (context.ovs?.system?.curCfg ?? -1) >= context.awaitedCfg,
      hasNoBridge: ({ context }) => context.bridge === null,
      isBridgeStanding: ({ context }) => context.ovs?.bridge?.datapathId != null,
      isFlowRestoreDone: ({ context }) => context.ovs?.system?.flowRestoreWait === false,
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
