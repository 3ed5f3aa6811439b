import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runMutated } from '../../../src/verify/mutation/run-mutated.ts';
import { ADDRESS_DEFENCES } from './addresses.ts';
import { CRASH_DEFENCES } from './crash.ts';
import type { Defence } from './defence.ts';
import { MACHINE_DEFENCES } from './machines.ts';
import { NAME_DEFENCES } from './names.ts';
import { OVS_DEFENCES } from './ovs.ts';
import { OWNER_DEFENCES } from './owners.ts';
import { ROLLBACK_DEFENCES } from './rollback.ts';
import { ROUTE_DEFENCES } from './routes.ts';

const LIMIT_MS = 60_000;
const DEFENCES: readonly Defence[] = [
  ...NAME_DEFENCES,
  ...ADDRESS_DEFENCES,
  ...ROUTE_DEFENCES,
  ...OVS_DEFENCES,
  ...CRASH_DEFENCES,
  ...ROLLBACK_DEFENCES,
  ...MACHINE_DEFENCES,
  ...OWNER_DEFENCES,
];

/** Each starts a process of its own: CI has time for every sixth one, `npm run soak:defences` takes all. */
const TAKEN = process.env['OVS_UPLINK_DEFENCES'] === 'all' ? DEFENCES : DEFENCES.filter((_, at) => at % 6 === 0);

describe('a scenario goes red when the line that it guards is undone', () => {
  it('for twenty of them at least', () => {
    expect(new Set(DEFENCES.map(({ scenario }) => scenario)).size).toBeGreaterThanOrEqual(20);
  });

  it.concurrent.for(TAKEN)('$scenario: $what', { timeout: LIMIT_MS }, async defence => {
    const { scenario, what, file, find, replace } = defence;
    const outcome = await runMutated({
      mutation: { kind: 'edit', file, find, replace, what },
      module: new URL('replay-file.ts', import.meta.url).href,
      call: 'replayFile',
      argument: fileURLToPath(new URL(`../../../fixtures/scenarios/${scenario}`, import.meta.url)),
    });
    // A line that cannot be edited any more, or code that does not even load, shows nothing.
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ kind: 'returned' });
    if (outcome.kind === 'returned') expect(outcome.value, 'it stays green').not.toEqual([]);
  });
});
