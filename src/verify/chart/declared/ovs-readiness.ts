import type { ChartDeclarations } from '../declarations.ts';
import { NOTHING_DECLARED } from '../declarations.ts';

/** What the proofs of ovs-readiness must be told. */
export const OVS_READINESS: ChartDeclarations = {
  ...NOTHING_DECLARED,
  exceptions: [
    {
      rule: 'decision-open',
      state: 'ready',
      reason: 'who asked for more than the first readiness wants to hear of its loss, for as long as they like',
    },
  ],
  boundedGuards: [
    {
      guard: 'mayClearFlowRestore',
      counts: 'countClearing',
      resets: [],
      reason: 'clearings only grows, and the guard is false from a constant number on',
    },
  ],
  goals: { '': 'passed' },
  noted: { 'ovsdb.facts.changed': 'observeFacts' },
  results: {
    connectOvsdb: 'observeFacts',
    bumpConfiguration: 'awaitConfiguration',
    readFeatures: 'recordFeatures',
    clearFlowRestoreWait: 'awaitConfiguration',
  },
  failures: [
    {
      name: 'error',
      on: { kind: 'error' },
      within: 'work',
      leadsTo: ['notReady', 'waiting.reconnecting'],
      records: ['recordNotReady', 'recordLoss'],
    },
    { name: 'deadline', on: { kind: 'deadline' }, within: 'work', leadsTo: ['notReady'], records: ['recordNotReady'] },
    {
      name: 'flag kept',
      on: { kind: 'condition', guards: ['isFlowRestoreKept'] },
      within: 'heard',
      leadsTo: ['notReady'],
      records: ['recordNotReady'],
    },
    {
      name: 'OVSDB lost',
      on: { kind: 'event', event: 'ovsdb.connection.lost', guard: null },
      within: 'work',
      leadsTo: ['waiting'],
      records: ['recordLoss'],
    },
  ],
};
