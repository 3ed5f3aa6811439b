import { uplinkError } from '../errors.ts';
import type { OvsdbClient, WaitLimits } from './client-types.ts';
import { mutate, type Operation, select } from './operation.ts';
import type { Replica } from './replica.ts';
import type { OperationResult } from './transaction.ts';
import { waitUntil } from './wait-until.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

/** A transaction that ovs-vswitchd has carried out. */
export interface AppliedTransaction {
  /** One for each operation that was given. */
  readonly results: readonly OperationResult[];
  /** The value that `cur_cfg` had to reach. */
  readonly nextCfg: number;
}

/**
 * Commits, and counts `Open_vSwitch.next_cfg` up in the same transaction: ovs-vswitchd looks at the configuration when
 * that changes, also at columns that do not wake it by themselves (bridge.c, omit_alert), and then writes the number it saw into `cur_cfg`.
 * Resolves on commit, to the number to wait for. Rejects as `transact`, and with `OVSDB_NOT_APPLIED` when the database was never initialised.
 */
export async function transactBumped(
  client: Pick<OvsdbClient, 'transact'>,
  operations: readonly Operation[],
  limits: WaitLimits & { readonly assertLock?: string } = {},
): Promise<AppliedTransaction> {
  const bump = [mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]]), select('Open_vSwitch', [], ['next_cfg'])];
  const results = await client.transact([...operations, ...bump], limits);
  const nextCfg = results.at(-1)?.rows?.[0]?.next_cfg;
  if (typeof nextCfg !== 'number') {
    throw uplinkError('OVSDB_NOT_APPLIED', {
      what: 'committed, but nobody will apply it',
      object: 'Open_vSwitch',
      expected: 'one row in table Open_vSwitch',
      got: 'none',
      advice: 'run "ovs-vsctl init"',
    });
  }
  return { results: results.slice(0, operations.length), nextCfg };
}

/**
 * Resolves when ovs-vswitchd has caught up with `nextCfg`, as the replica (which must monitor `Open_vSwitch.cur_cfg`) shows it. Rejects
 * with `OVSDB_NOT_APPLIED` at the deadline (default 10 s), `ABORTED`, `OVSDB_SCHEMA` where the column is not monitored.
 */
export async function waitApplied(replica: Replica, nextCfg: number, limits: WaitLimits = {}): Promise<void> {
  const timeoutMs = limits.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const rows = replica.tables.get('Open_vSwitch');
  const curCfg = (): number | undefined => {
    for (const row of rows?.values() ?? []) {
      const value = row.cur_cfg;
      if (typeof value === 'number') return value;
    }
    return undefined;
  };
  if (rows === undefined || (rows.size > 0 && curCfg() === undefined)) {
    throw uplinkError('OVSDB_SCHEMA', {
      what: 'the replica cannot tell when a change is applied',
      object: 'Open_vSwitch.cur_cfg',
      expected: 'the column among those monitored',
      got: rows === undefined ? 'the table is not monitored' : 'the column is not monitored',
    });
  }
  const isApplied = () => (curCfg() ?? Number.NEGATIVE_INFINITY) >= nextCfg;
  if (isApplied()) return;
  await waitUntil<void>(
    resolve =>
      replica.subscribe(() => {
        if (isApplied()) resolve();
      }),
    {
      signal: limits.signal,
      timeoutMs,
      onAbort: () =>
        uplinkError('ABORTED', { what: 'gave up waiting for ovs-vswitchd', object: `next_cfg ${nextCfg}` }),
      onTimeout: () =>
        uplinkError('OVSDB_NOT_APPLIED', {
          what: `committed, but ovs-vswitchd did not apply it within ${timeoutMs} ms`,
          object: 'Open_vSwitch',
          expected: `cur_cfg ${nextCfg} or more`,
          got: replica.synced ? `cur_cfg ${curCfg()}` : `cur_cfg ${curCfg()}, not connected to OVSDB`,
          advice: 'check that ovs-vswitchd runs and answers (ovs-appctl version)',
        }),
    },
  );
}

/** {@link transactBumped}, then {@link waitApplied} with what is left of the deadline (default 10 s for both). */
export async function transactApplied(
  client: Pick<OvsdbClient, 'transact'>,
  replica: Replica,
  operations: readonly Operation[],
  limits: WaitLimits & { readonly assertLock?: string } = {},
): Promise<AppliedTransaction> {
  const timeoutMs = limits.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const since = performance.now();
  const applied = await transactBumped(client, operations, { ...limits, timeoutMs });
  const leftMs = Math.max(1, timeoutMs - (performance.now() - since));
  await waitApplied(replica, applied.nextCfg, { ...limits, timeoutMs: Math.ceil(leftMs) });
  return applied;
}
