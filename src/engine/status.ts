import { memberNames } from '../domain/bond.ts';
import { linkByIndex, linkByName } from '../domain/kernel-state.ts';
import { hasNoCarrier, isUp } from '../domain/link.ts';
import { findInterface, findPort } from '../domain/ovs-state.ts';
import type { StepContext } from '../domain/steps/context.ts';
import { toFailure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { underOvsdbLimit } from './clock.ts';
import type { JournalEntry } from './journal/store.ts';
import { describeForeign } from './migration/assess.ts';
import { compareWithPlan } from './migration/compare.ts';
import { EVERYTHING, look } from './migration/look.ts';
import type { BondLink, StatusReport } from './run.ts';
import type { Surroundings } from './surroundings.ts';

/** Tells how one journal stands, and whether the host still is as it says. Reads only. */
export async function statusOf(
  entry: JournalEntry,
  host: Host,
  { clock, sendControl, guards }: Pick<Surroundings, 'clock' | 'sendControl' | 'guards'>,
): Promise<StatusReport> {
  if ('failure' in entry) {
    return {
      uplink: entry.uplink,
      id: '',
      state: 'unusable',
      live: false,
      guard: null,
      drift: [],
      bridge: '',
      layout: '',
      bond: [],
      confirmRemainingMs: null,
      failure: entry.failure,
    };
  }
  const { record, uplink } = entry;
  const live = await sendControl(uplink, 'state').catch(() => undefined);
  const report = {
    uplink,
    id: record.id,
    state: live ?? record.stage,
    live: live !== undefined,
    guard: guards.find(uplink),
    bridge: record.plan.names.bridge,
    layout: record.request.layout,
    bond: [],
    confirmRemainingMs:
      record.stage === 'confirming' ? Math.max(0, (record.confirmDueAt ?? 0) - clock.wallTime()) : null,
    failure: null,
  };
  if (record.stage !== 'committed') return { ...report, drift: [] };
  const foreign = describeForeign(record, await host.readFacts(uplink));
  if (foreign !== null) {
    const failure = { code: 'JOURNAL_FOREIGN', what: `the journal was written ${foreign}`, object: uplink } as const;
    return { ...report, drift: [], failure };
  }
  try {
    await underOvsdbLimit(clock, 3_000, undefined, limited => host.connectOvs(limited)).catch(() => undefined);
    const subject = { plan: record.plan, snapshot: record.snapshot, takenAt: record.takenAt };
    const context = await look(host, subject, clock.wallTime(), EVERYTHING);
    const unseen = host.ovsConnected() ? [] : ['OVSDB does not answer: its rows were not compared'];
    return { ...report, bond: bondOf(context), drift: [...compareWithPlan(context), ...unseen] };
  } catch (error) {
    return { ...report, drift: [], failure: toFailure(error) };
  }
}

/** The links of the bond that was made; empty without one. */
function bondOf({ plan, kernel, ovs }: StepContext): readonly BondLink[] {
  if (plan.members === undefined) return [];
  const names = [linkByIndex(kernel, plan.uplinkIndex)?.name ?? plan.names.uplink, ...memberNames(plan, kernel)];
  const port = ovs === undefined ? undefined : findPort(ovs, plan.names.uplink)?.port;
  return names.map(name => {
    const link = linkByName(kernel, name);
    const row = ovs === undefined ? undefined : findInterface(ovs, name);
    const problem =
      link === undefined
        ? 'it is gone'
        : row === undefined || port?.interfaces.includes(row.uuid) !== true
          ? 'it is not in the bond any more'
          : (row.error ?? (!isUp(link) ? 'it is down' : hasNoCarrier(link) ? 'no carrier' : null));
    return { name, problem };
  });
}
