import type { Assessment } from '../../../machines/uplink-migration-types.ts';
import { isSameBond } from '../../domain/bond.ts';
import { buildPlan, chooseDatapath } from '../../domain/build-plan.ts';
import type { Finding } from '../../domain/finding.ts';
import type { HostFacts } from '../../domain/host-facts.ts';
import type { KernelState } from '../../domain/kernel-state.ts';
import { linkByName } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import type { OvsState } from '../../domain/ovs-state.ts';
import { planOwners } from '../../domain/plan-owners.ts';
import { isSamePorts } from '../../domain/port-spec.ts';
import { precheck } from '../../domain/precheck/index.ts';
import type { MigrationRequest } from '../../domain/request.ts';
import { takeSnapshot } from '../../domain/snapshot.ts';
import { refOf } from '../../domain/steps/context.ts';
import { toFailure } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { Clock } from '../clock.ts';
import { underOvsdbLimit } from '../clock.ts';
import type { JournalRecord } from '../journal/record.ts';
import { compareWithPlan } from './compare.ts';
import { EVERYTHING, look } from './look.ts';

/** How long `assess` waits for OVSDB before it says that it cannot be reached, in ms. */
const CONNECT_LIMIT_MS = 5_000;

/** What assessing needs to know beside the host. */
export interface AssessInput {
  readonly host: Host;
  readonly clock: Clock;
  readonly request: MigrationRequest;
  readonly id: string;
  /** Journal of this uplink; undefined when there is none. */
  readonly journal: JournalRecord | undefined;
  /** Another process that works here; null for none, and for ourselves. */
  readonly lockHolder: string | null;
  readonly signal: AbortSignal;
}

/** The judgement, and the facts that it rests on. */
export interface Assessed extends Assessment {
  readonly facts: HostFacts;
  readonly takenAt: number;
}

/** Reads the host and judges whether the request can be carried out; changes nothing. */
export async function assess(input: AssessInput): Promise<Assessed> {
  const { host, clock, request, signal } = input;
  const facts = await host.readFacts(request.uplink);
  const ovs = await connect(host, clock, signal);
  const { lockHolder } = input;
  if (input.journal !== undefined && lockHolder === null) {
    return { ...(await assessAgain(input, input.journal, facts)), facts };
  }
  const takenAt = clock.wallTime();
  const kernel = await host.readKernel({ routes: true });
  const datapath = chooseDatapath(request, ovs, facts);
  const members = findMembers(request, kernel);
  const findings = precheck({
    request,
    kernel,
    ovs,
    facts,
    datapath,
    lockHolder,
    ownJournal: input.journal !== undefined,
    memberOwners: await Promise.all(members.map(member => host.readOwners(refOf(member), null))),
  });
  const link = linkByName(kernel, request.uplink);
  const isBlocked = findings.some(finding => finding.severity === 'blocking');
  if (isBlocked || link === undefined || ovs === undefined) {
    return { verdict: 'refuse', findings, plan: null, snapshot: null, facts, takenAt };
  }
  const snapshot = takeSnapshot(kernel, link.index, await host.readSysctls(link.name)) ?? null;
  return {
    verdict: 'proceed',
    findings,
    plan: buildPlan(request, link, ovs, datapath, input.id, planOwners(request, facts, link, datapath), members),
    snapshot:
      snapshot === null ? null : { ...snapshot, owners: facts.owners, ...(members.length === 0 ? {} : { members }) },
    facts,
    takenAt,
  };
}

/** The links that are to form a bond with the uplink, in the order of the request, as far as they exist. */
function findMembers({ bond }: MigrationRequest, kernel: KernelState): readonly Link[] {
  return (bond?.members ?? []).map(name => linkByName(kernel, name)).filter(link => link !== undefined);
}

async function connect(host: Host, clock: Clock, signal: AbortSignal): Promise<OvsState | undefined> {
  try {
    return await underOvsdbLimit(clock, CONNECT_LIMIT_MS, signal, limited => host.connectOvs(limited));
  } catch (error) {
    signal.throwIfAborted();
    if (toFailure(error).code === 'DEFECT') throw error;
    return undefined;
  }
}

/** There is a journal: either this very migration is committed and the host still shows it, or something is unfinished. */
async function assessAgain(
  { host, clock, request }: AssessInput,
  journal: JournalRecord,
  facts: HostFacts,
): Promise<Omit<Assessed, 'facts'>> {
  const takenAt = clock.wallTime();
  const refuse = (finding: Finding): Omit<Assessed, 'facts'> => ({
    verdict: 'refuse',
    findings: [finding],
    plan: null,
    snapshot: null,
    takenAt,
  });
  const { uplink } = request;
  const foreign = describeForeign(journal, facts);
  if (foreign !== null) {
    return refuse({
      code: 'journal-of-another-host',
      severity: 'blocking',
      message: `the journal of ${uplink} was written ${foreign}`,
      advice:
        'the links that it describes are not these: take out by hand what `ovs-vsctl list bridge` shows with external_ids ovs-uplink:id, then remove the journal (docs/troubleshooting.md, "After a reboot")',
    });
  }
  if (journal.stage !== 'committed') {
    return refuse({
      code: 'unfinished-migration',
      severity: 'blocking',
      message: `a migration of ${uplink} was left unfinished (${journal.stage})`,
      advice: 'run `ovs-uplink recover` first',
    });
  }
  const isSame =
    journal.request.bridge === request.bridge &&
    journal.request.layout === request.layout &&
    isSamePorts(journal.request.ports, request.ports) &&
    isSameBond(journal.request.bond, request.bond);
  if (!isSame) {
    const vlans = isSamePorts(journal.request.ports, request.ports) ? '' : ', other VLANs of its ports';
    const bond = isSameBond(journal.request.bond, request.bond) ? '' : ', another bond';
    return refuse({
      code: 'already-migrated',
      severity: 'blocking',
      message: `${uplink} is already on bridge ${journal.request.bridge} (layout ${journal.request.layout}${vlans}${bond})`,
      advice: `run \`ovs-uplink restore -i ${uplink}\` first`,
    });
  }
  const subject = { plan: journal.plan, snapshot: journal.snapshot, takenAt: journal.takenAt };
  const context = await look(host, subject, clock.wallTime(), EVERYTHING);
  const bond = journal.plan.request.bond?.members ?? [];
  if (context.uplink === undefined && bond.length > 0) {
    return refuse({
      code: 'bond-uplink-gone',
      severity: 'blocking',
      message: `${journal.plan.names.uplink} is gone: its bond goes on with ${bond.join(', ')} alone, and nothing can be put back without it`,
      advice: `bring the link back under the name ${journal.plan.names.uplink}; Open vSwitch takes it into the bond again`,
    });
  }
  const drift = compareWithPlan(context);
  if (drift.length > 0) {
    const finding: Finding = {
      code: 'drift',
      severity: 'warning',
      message: `${uplink} is migrated, but the host has changed since: ${drift.slice(0, 3).join('; ')}`,
      advice: 'what differs is put right; `ovs-uplink restore` undoes the migration instead',
    };
    return { verdict: 'repair', findings: [finding], plan: journal.plan, snapshot: journal.snapshot, takenAt };
  }
  return { verdict: 'done', findings: [], plan: journal.plan, snapshot: journal.snapshot, takenAt };
}

/** Says how a journal is not of this boot, host or namespace; null when it is. */
export function describeForeign(
  { identity }: Pick<JournalRecord, 'identity'>,
  facts: Pick<HostFacts, 'identity'>,
): string | null {
  const now = facts.identity;
  if (identity.machineId !== now.machineId) return `on another host (machine-id ${identity.machineId})`;
  if (identity.bootId !== now.bootId) return 'before this host was booted';
  if (identity.netns !== now.netns) return `in another network namespace (${identity.netns})`;
  return null;
}
