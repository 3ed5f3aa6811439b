import type { MoveAssessment } from '../../../machines/link-move-types.ts';
import type { KernelState } from '../../domain/kernel-state.ts';
import { linkByName } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import { moveFinding } from '../../domain/move/finding-codes.ts';
import { identify } from '../../domain/move/identity.ts';
import type { MovePlan } from '../../domain/move/plan.ts';
import type { LinkUses } from '../../domain/move/precheck.ts';
import { precheckMove } from '../../domain/move/precheck.ts';
import type { MoveRequest } from '../../domain/move/request.ts';
import { bridgeOf } from '../../domain/ovs-state.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { takeSnapshot } from '../../domain/snapshot.ts';
import { uplinkError } from '../../errors.ts';
import type { Netns } from '../../host/host.ts';
import { underOvsdbLimit } from '../clock.ts';
import { compareWithPlan } from './compare.ts';
import type { MoveRecord } from './record.ts';
import type { MoveSession } from './session.ts';
import { createMoveSession } from './session.ts';

/** What was asked for is so already, or the name is that of a link that is away. */
export async function findDone(session: MoveSession, request: MoveRequest): Promise<MoveAssessment | undefined> {
  const { link, netns, name } = request;
  const record = await session.surroundings.moves.read(link);
  if (record === undefined) return undefined;
  const asked = record.request;
  if (record.stage === 'inUse' && asked.netns === netns && asked.name === name) {
    const before = createMoveSession(session.host, session.surroundings, record.id);
    before.adopt(record);
    const sight = await before.look({}).finally(() => before.close());
    const { plan, snapshot } = record;
    if (compareWithPlan(sight).length === 0) return { verdict: 'done', findings: [], plan, snapshot };
  }
  return refuseAway(record);
}

export function refuseAway({ request: { link, netns, name } }: MoveRecord): MoveAssessment {
  const away = moveFinding('move-link-away', {
    message: `${link} was moved before, to ${netns} as ${name}`,
    culprit: link,
    advice: `bring it home first: \`ovs-uplink return-link -i ${link}\`; \`ovs-uplink status\` says where it is`,
  });
  return { verdict: 'refuse', findings: [away], plan: null, snapshot: null };
}

/** What both namespaces and others say to a move. */
interface Judgement {
  readonly assessment: MoveAssessment;
  /** Undefined where it is refused. */
  readonly link: Link | undefined;
  readonly home: KernelState;
  readonly target: Netns;
}

export async function judge(session: MoveSession, request: MoveRequest, signal: AbortSignal): Promise<Judgement> {
  const { host } = session;
  const target = await session.openTarget(request.netns);
  const home = await host.readKernel({ routes: true });
  const there = await target.readKernel({ routes: false });
  const link = linkByName(home, request.link);
  const { identity, sriov } = await host.readMoveFacts(link ?? null);
  session.identity = identity;
  session.uses ??= { ...(await usesOf(session, request.link, signal)), sriov };
  const findings = precheckMove({ request, home, target: there, uses: session.uses });
  const isRefused = findings.some(found => found.severity === 'blocking');
  const verdict = isRefused ? 'refuse' : 'proceed';
  return {
    assessment: { verdict, findings, plan: null, snapshot: null },
    link: isRefused ? undefined : link,
    home,
    target,
  };
}

/** Judges, and takes down what is needed to bring the link home. */
export async function prepare(
  session: MoveSession,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveAssessment> {
  const { assessment, link, home, target } = await judge(session, request, signal);
  if (link === undefined) return assessment;
  const { host } = session;
  const sysctls = await host.readSysctls(link.name);
  if (Object.keys(sysctls).length === 0) throw renamedMeanwhile(link.name);
  const snapshot = takeSnapshot(home, link.index, sysctls) ?? null;
  const plan: MovePlan = {
    id: session.id,
    request,
    identity: identify(link),
    target: target.id,
    way: request.way ?? ((await host.probeMove()).oneMessage ? 'message' : 'steps'),
    transit: session.transitOf(request.link),
  };
  return { ...assessment, plan, snapshot: snapshot === null ? null : withoutRules(snapshot) };
}

/** So long we wait for OVSDB to tell whose the link is: a move must not need Open vSwitch. */
const OVS_LIMIT_MS = 300;

/** What Open vSwitch and our own journals say of a link. */
async function usesOf(session: MoveSession, link: string, signal: AbortSignal): Promise<Omit<LinkUses, 'sriov'>> {
  const { host, clock, surroundings } = session;
  const ovs = await underOvsdbLimit(clock, OVS_LIMIT_MS, signal, limited => host.connectOvs(limited)).catch(
    () => undefined,
  );
  signal.throwIfAborted();
  const journal = await surroundings.store.read(link);
  return {
    ovsBridge: ovs === undefined ? null : (bridgeOf(ovs, link)?.name ?? null),
    migratedTo: journal?.request.bridge ?? null,
  };
}

/** Rules stay in the kernel when a link leaves, and a link may be away for days: they are not ours to bring back. */
export function withoutRules(snapshot: Snapshot): Snapshot {
  return { ...snapshot, rules: [] };
}

/** They are read by its name: who has none is called otherwise by now. */
function renamedMeanwhile(link: string): Error {
  return uplinkError('LINK_GONE', {
    what: 'the link went, or was renamed, while it was looked at',
    object: link,
    advice: 'try again; if it comes back, see who else manages links here (`ovs-uplink doctor`)',
  });
}
