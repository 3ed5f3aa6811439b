import { fromPromise, setup } from 'xstate';
import type { OvsFacts } from '../src/domain/ovs-facts.ts';
import type { Failure } from '../src/errors.ts';
import { unprovided } from './unprovided.ts';

/** Input of the chart. */
export interface OvsReadinessInput {
  /** A bridge that must be there and have a datapath_id; null when it is made later. */
  readonly bridge: string | null;
  /** End with the first readiness, rather than watch for its loss. */
  readonly once: boolean;
  readonly deadlineMs: number;
  /** flow-restore-wait is ours to clear; absent: it is somebody else's, and only waited for. */
  readonly clearFlowRestoreWait?: boolean;
}

export interface OvsReadinessContext extends OvsReadinessInput {
  readonly ovs: OvsFacts | null;
  /** What `cur_cfg` must reach: the value of `next_cfg` that we asked for. */
  readonly awaitedCfg: number | null;
  /** Answer of `dpif/show-dp-features`; null without a bridge. */
  readonly features: string | null;
  /** How often flow-restore-wait was cleared. */
  readonly clearings: number;
  readonly failure: Failure | null;
}

export type OvsReadinessEvent =
  | { readonly type: 'ovsdb.connection.opened' }
  | { readonly type: 'ovsdb.connection.lost'; readonly failure: Failure }
  | { readonly type: 'ovsdb.facts.changed'; readonly ovs: OvsFacts };

export interface OvsReadinessOutput {
  readonly ready: boolean;
  readonly failure: Failure | null;
}

/**
 * Is Open vSwitch ready to carry a host's only uplink?
 *
 * Promise: `ready` is entered only after ovs-vswitchd itself answered (a fresh `next_cfg` came back as `cur_cfg`, so neither a stale
 * row nor a dead process passes), the bridge has its datapath_id, its features were read, and flow-restore-wait is not set.
 * A lost connection goes back to the start. The deadline ends in `notReady` with what was missing. Only OVSDB updates move it.
 *
 * flow-restore-wait belongs to who restores the flows. Only where the input says that it is ours it is cleared, after everything else is ready;
 * what counts then is not the commit but what OVSDB shows once ovs-vswitchd has seen it (Antrea #1730: it was set again). It is tried a few
 * times, since who sets it again may be an `ovs-ctl` that starts Open vSwitch, but not for ever against another who wants it set.
 */
export const ovsReadiness = setup({
  types: {
    input: {} as OvsReadinessInput,
    context: {} as OvsReadinessContext,
    events: {} as OvsReadinessEvent,
    output: {} as OvsReadinessOutput,
  },
  actors: {
    connectOvsdb: fromPromise<OvsFacts>(unprovided),
    bumpConfiguration: fromPromise<number>(unprovided),
    readFeatures: fromPromise<string, { readonly bridge: string }>(unprovided),
    clearFlowRestoreWait: fromPromise<number>(unprovided),
  },
  guards: {
    isOnce: unprovided,
    isApplied: unprovided,
    isClearingApplied: unprovided,
    isBridgeStanding: unprovided,
    hasNoBridge: unprovided,
    isFlowRestoreDone: unprovided,
    mayClearFlowRestore: unprovided,
    isFlowRestoreKept: unprovided,
    hasLostConnection: unprovided,
  },
  actions: {
    observeFacts: unprovided,
    awaitConfiguration: unprovided,
    recordFeatures: unprovided,
    countClearing: unprovided,
    recordLoss: unprovided,
    recordReady: unprovided,
    recordNotReady: unprovided,
  },
  delays: { readinessDeadline: unprovided },
}).createMachine({
  id: 'ovs-readiness',
  context: ({ input }) => ({ ...input, ovs: null, awaitedCfg: null, features: null, clearings: 0, failure: null }),
  output: ({ context }) => ({ ready: context.failure === null, failure: context.failure }),
  initial: 'waiting',
  states: {
    waiting: {
      initial: 'connecting',
      after: { readinessDeadline: { target: 'notReady', actions: 'recordNotReady' } },
      on: {
        'ovsdb.facts.changed': { actions: 'observeFacts' },
        'ovsdb.connection.lost': { target: '.connecting', actions: 'recordLoss' },
      },
      states: {
        connecting: {
          invoke: {
            src: 'connectOvsdb',
            onDone: { target: 'askingVswitchd', actions: 'observeFacts' },
            onError: { target: '#ovs-readiness.notReady', actions: 'recordNotReady' },
          },
        },
        askingVswitchd: {
          invoke: {
            src: 'bumpConfiguration',
            onDone: { target: 'awaitingVswitchd', actions: 'awaitConfiguration' },
            onError: { target: 'reconnecting', actions: 'recordLoss' },
          },
        },
        reconnecting: {
          on: { 'ovsdb.connection.opened': { target: 'connecting' } },
        },
        awaitingVswitchd: {
          always: { guard: 'isApplied', target: 'awaitingBridge' },
        },
        awaitingBridge: {
          always: [
            { guard: 'hasNoBridge', target: 'awaitingFlowRestore' },
            { guard: 'isBridgeStanding', target: 'learningFeatures' },
          ],
        },
        learningFeatures: {
          invoke: {
            src: 'readFeatures',
            input: ({ context }) => ({ bridge: context.bridge ?? '' }),
            onDone: { target: 'awaitingFlowRestore', actions: 'recordFeatures' },
            onError: { target: '#ovs-readiness.notReady', actions: 'recordNotReady' },
          },
        },
        awaitingFlowRestore: {
          always: [
            { guard: 'isFlowRestoreDone', target: '#ovs-readiness.ready' },
            { guard: 'mayClearFlowRestore', target: 'clearingFlowRestore', actions: 'countClearing' },
            { guard: 'isFlowRestoreKept', target: '#ovs-readiness.notReady', actions: 'recordNotReady' },
          ],
        },
        clearingFlowRestore: {
          invoke: {
            src: 'clearFlowRestoreWait',
            onDone: { target: 'readingFlowRestoreBack', actions: 'awaitConfiguration' },
            onError: [
              { guard: 'hasLostConnection', target: 'reconnecting', actions: 'recordLoss' },
              { target: '#ovs-readiness.notReady', actions: 'recordNotReady' },
            ],
          },
        },
        // What OVSDB shows when ovs-vswitchd has worked it off is at least as new as the commit.
        readingFlowRestoreBack: {
          always: { guard: 'isClearingApplied', target: 'awaitingFlowRestore' },
        },
      },
    },
    ready: {
      entry: 'recordReady',
      always: { guard: 'isOnce', target: 'passed' },
      on: {
        'ovsdb.facts.changed': { actions: 'observeFacts' },
        'ovsdb.connection.lost': { target: 'waiting', actions: 'recordLoss' },
      },
    },
    passed: { type: 'final' },
    notReady: { type: 'final' },
  },
});
