import type { Defence } from './defence.ts';

/** Lines that guard the scenarios of single charts. */
export const MACHINE_DEFENCES: readonly Defence[] = [
  {
    scenario: 'machines/cur-cfg-that-stays-behind-is-named.yaml',
    what: 'an answer that is one behind counts',
    file: 'src/engine/readiness.ts',
    find: '(context.ovs?.system?.curCfg ?? -1) >= context.awaitedCfg',
    replace: '(context.ovs?.system?.curCfg ?? -1) >= context.awaitedCfg - 1',
  },
  {
    scenario: 'machines/flow-restore-wait-is-the-last-gate.yaml',
    what: 'nobody looks at flow-restore-wait',
    file: 'src/engine/readiness.ts',
    find: 'context.ovs?.system?.flowRestoreWait === false',
    replace: 'true',
  },
  {
    scenario: 'machines/flow-restore-wait-is-ours-to-clear.yaml',
    what: 'the commit alone counts',
    file: 'machines/ovs-readiness.ts',
    find: "readingFlowRestoreBack: {\n          always: { guard: 'isClearingApplied', target: 'awaitingFlowRestore' },",
    replace: "readingFlowRestoreBack: {\n          always: { target: '#ovs-readiness.ready' },",
  },
  {
    scenario: 'machines/flow-restore-wait-that-another-sets-again.yaml',
    what: 'it is cleared for ever',
    file: 'src/engine/readiness.ts',
    find: 'const MAX_CLEARINGS = 3;',
    replace: 'const MAX_CLEARINGS = 300;',
  },
  {
    scenario: 'machines/features-are-not-asked-of-an-unfinished-bridge.yaml',
    what: 'a bridge stands as soon as its row does',
    file: 'src/engine/readiness.ts',
    find: 'context.ovs?.bridge?.datapathId != null',
    replace: 'context.ovs?.bridge != null',
  },
  {
    scenario: 'machines/refused-removal-waits-for-the-link.yaml',
    what: 'a refused removal is tried for ever',
    file: 'machines/altname-guard.ts',
    find: "onError: { target: 'blocked' }",
    replace: "onError: { target: 'watching' }",
  },
  {
    scenario: 'machines/altname-back-before-the-removal-is-answered.yaml',
    what: 'an altname that is back at once is not seen',
    file: 'src/engine/altname.ts',
    find: 'context.link === null || context.isSeenSince',
    replace: 'context.link === null',
  },
  {
    scenario: 'machines/name-that-stays-taken-is-given-up.yaml',
    what: 'one more try than was promised',
    file: 'src/engine/migration/guards.ts',
    find: 'const MAX_NUDGES = 10;',
    replace: 'const MAX_NUDGES = 11;',
  },
  {
    scenario: 'machines/host-port-with-another-mac.yaml',
    what: 'any MAC will do',
    file: 'src/engine/migration/guards.ts',
    find: 'link.mac === plan.hostPort.mac',
    replace: 'true',
  },
  {
    scenario: 'machines/uplink-that-only-its-row-calls-attached.yaml',
    what: 'the row of OVSDB is believed',
    file: 'src/engine/migration/guards.ts',
    find: '(observed.uplink.master !== null || observed.uplink.promiscuity > 0)',
    replace: 'true',
  },
  {
    scenario: 'machines/way-back-that-always-fails-is-left-to-a-person.yaml',
    what: 'it tries for ever',
    file: 'src/engine/migration/guards.ts',
    find: 'context.attempts < context.maxAttempts',
    replace: 'true',
  },
  {
    scenario: 'machines/window-in-which-nobody-confirms.yaml',
    what: 'the window is shorter than was asked for',
    file: 'src/engine/migration/delays.ts',
    find: 'return dueAt === null ? (confirmWithinMs ?? 0) :',
    replace: 'return dueAt === null ? 1000 :',
  },
];
