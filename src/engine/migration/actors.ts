import { fromPromise } from 'xstate';
import type { Assessment, StepReport, Takeover } from '../../../machines/uplink-migration-types.ts';
import type { Effect } from '../../domain/effect.ts';
import type { Finding } from '../../domain/finding.ts';
import { isUp } from '../../domain/link.ts';
import { findBridge, isMarked } from '../../domain/ovs-state.ts';
import type { ForwardStep, RollbackStep } from '../../domain/plan.ts';
import type { MigrationRequest } from '../../domain/request.ts';
import { isMovable } from '../../domain/steps/addresses.ts';
import type { StepContext } from '../../domain/steps/context.ts';
import { forwardEffects } from '../../domain/steps/forward.ts';
import type { Failure } from '../../errors.ts';
import { toUplinkError, uplinkError } from '../../errors.ts';
import type { ProbeOutcome } from '../../host/host.ts';
import { underOvsdbLimit, underSignals } from '../clock.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Assessed } from './assess.ts';
import { assess, describeForeign } from './assess.ts';
import { carryOut } from './carry-out.ts';
import { compareWithPlan, compareWithSnapshot } from './compare.ts';
import type { Needs } from './look.ts';
import { EVERYTHING, look } from './look.ts';
import { rollBack } from './roll-back.ts';
import type { Session } from './session.ts';
import { subjectOf } from './session.ts';
import { verifyProbes } from './verify-probes.ts';

/** What the actors tell the run. */
export interface ActorReports {
  onEffect(effect: Effect, text: string, failure: Failure | null): void;
  onFinding(finding: Finding): void;
  onLockLost(failure: Failure): void;
  onGuardLost(failure: Failure): void;
  onConfirmWindow(remainingMs: number): void;
  /** The locks are ours from now on. */
  onLocked(): Promise<void>;
}

const NEEDS: Partial<Record<ForwardStep, Needs>> = {
  releasingOwners: { routes: true, owners: true },
  renamingUplink: { routes: true },
  configuringHostPort: { sysctls: true, muted: true },
  removingUplinkAddresses: { sysctls: true, routes: true },
  mutingUplink: { muted: true },
  switchingRoutes: { routes: true },
  handingOver: { routes: true, sysctls: true, owners: true },
};

/** How long ovs-vswitchd gets to let go of a link on the way back; a run that only waits for that has all the time of the gate. */
export function releaseMsOf(request: MigrationRequest, journal: JournalRecord | undefined): number {
  return journal?.stage === 'rowsPending' ? request.deadlines.gateMs : Math.min(2_000, request.deadlines.stepMs / 2);
}

/** The actors of the migration chart, bound to one session. */
export function migrationActors(
  session: Session,
  request: MigrationRequest,
  restoreAccepts: readonly string[] | null,
  reports: ActorReports,
) {
  const { host, clock, store } = session;
  // The stage with which the run began: the way back writes its own.
  const releaseMs = releaseMsOf(request, session.journal());
  /** A committed migration that is put right. */
  let repaired: JournalRecord | undefined;
  /** One works at a time: a late one has ended before the next begins. */
  const alone =
    <T, I>(work: (signal: AbortSignal, input: I) => Promise<T>) =>
    ({ signal, input }: { readonly signal: AbortSignal; readonly input: I }): Promise<T> => {
      const signals = [signal, session.life.signal];
      return session.exclusive(() => underSignals(signals, living => work(living, input)));
    };
  const lookNow = (needs: Needs) => look(host, subjectOf(session), clock.wallTime(), needs);

  const judge = async (lockHolder: string | null, signal: AbortSignal): Promise<Assessed> => {
    const journal = await store.read(request.uplink);
    const assessed = await assess({ host, clock, request, id: session.id, journal, lockHolder, signal });
    for (const finding of assessed.findings) reports.onFinding(finding);
    session.identity = assessed.facts.identity;
    return assessed;
  };

  /** Errors: `STATE_DIFFERS`. */
  const compareNow = async (): Promise<void> => {
    const differences = compareWithPlan(await lookNow(EVERYTHING));
    if (differences.length === 0) return;
    throw uplinkError('STATE_DIFFERS', {
      what: 'the host is not as planned',
      object: request.uplink,
      got: differences.slice(0, 5).join('; '),
      advice: 'see who else manages this link (`ovs-uplink doctor`)',
    });
  };

  /** Errors: `UNIXCTL_UNREACHABLE`, `PROBE_FAILED`. */
  const probeNow = async (signal: AbortSignal): Promise<void> => {
    const vswitchd = await host.checkVswitchd(request.deadlines.probeMs, signal);
    if (vswitchd === 'gone' || vswitchd === 'hung') {
      throw uplinkError('UNIXCTL_UNREACHABLE', {
        what: 'ovs-vswitchd does not answer',
        got: vswitchd === 'gone' ? 'nobody listens on its control socket' : 'silence on its control socket',
        advice: 'see whether it crashed or hangs: its log, `pgrep ovs-vswitchd`',
      });
    }
    const { hostPort, uplink } = await lookNow({});
    const { plan } = subjectOf(session);
    if (plan.hostPort !== null && hostPort === undefined) {
      throw uplinkError('LINK_GONE', { what: 'the host port vanished', object: plan.hostPort.name });
    }
    // Where nobody is there to be asked, no probe would notice.
    if (hostPort !== undefined && !isUp(hostPort)) {
      throw uplinkError('STATE_DIFFERS', {
        what: 'the host port was set down',
        object: hostPort.name,
        advice: 'see who else manages this link (`ovs-uplink doctor`)',
      });
    }
    const link = hostPort ?? uplink;
    if (link !== undefined) await verifyProbes(session, [link.index], request.deadlines.probeMs, signal);
  };

  return {
    takeOver: fromPromise<Takeover>(
      alone(async signal => {
        const facts = await host.readFacts(request.uplink);
        const journal = session.journal();
        const foreign = journal === undefined ? null : describeForeign(journal, facts);
        if (foreign !== null) {
          throw uplinkError('JOURNAL_FOREIGN', {
            what: `the journal was written ${foreign}`,
            object: request.uplink,
            advice:
              'the links that it describes are not these: undo by hand what `ovs-vsctl show` displays, then remove the journal',
          });
        }
        await connectBriefly(session, signal);
        if (restoreAccepts !== null) refuseForeignPorts(session, restoreAccepts);
        await session.lock(reports.onLockLost, signal);
        const takeover = await session.takeOver();
        await reports.onLocked();
        return takeover;
      }),
    ),
    armGuard: fromPromise<void>(alone(signal => session.armGuard(request.uplink, reports.onGuardLost, signal))),
    disarmGuard: fromPromise<void>(
      alone(async () => {
        const failure = await session.disarmGuard();
        if (failure !== null) throw toUplinkError(failure);
      }),
    ),
    assess: fromPromise<Assessment>(
      alone(async signal => {
        const assessed = await judge(session.findLockHolder(), signal);
        repaired = assessed.verdict === 'repair' ? await store.read(request.uplink) : undefined;
        if (assessed.verdict === 'proceed') session.baseline = await askProbes(session, request, assessed, signal);
        return assessed;
      }),
    ),
    acquireLock: fromPromise<void>(
      alone(async signal => {
        await session.lock(reports.onLockLost, signal);
        // The journal of what is repaired stays: who puts the host back must know it.
        if (repaired !== undefined) {
          session.adopt(repaired);
          await session.takeOver();
        }
        await reports.onLocked();
      }),
    ),
    writeJournal: fromPromise<Assessment>(
      alone(async signal => {
        // Gating may have taken long: what goes into the journal is the host as it is under the lock.
        const assessed = await judge(null, signal);
        if (repaired !== undefined)
          return assessed.verdict === 'refuse' ? assessed : { ...assessed, verdict: 'repair' };
        const { plan, snapshot } = assessed;
        if (plan === null || snapshot === null || session.identity === undefined) return assessed;
        await session.write({
          id: session.id,
          generation: session.generation(),
          stage: 'preparing',
          identity: session.identity,
          request,
          plan,
          snapshot,
          takenAt: assessed.takenAt,
          baseline: session.baseline,
          confirmDueAt: null,
        });
        return assessed;
      }),
    ),
    forwardStep: fromPromise<StepReport, { readonly step: ForwardStep }>(
      alone(async (signal, input: { readonly step: ForwardStep }) => {
        if (input.step === 'attachingUplink') await session.reach('cuttingOver');
        // Members of a bond are muted before they are attached.
        const hasMembers = input.step === 'attachingUplink' && subjectOf(session).plan.members !== undefined;
        const needs = hasMembers ? { muted: true } : (NEEDS[input.step] ?? {});
        const lookAgain = async () => withHostPort(input.step, withOwners(await lookNow(needs)));
        let mayWait = input.step === 'configuringHostPort';
        return carryOut({
          name: input.step,
          host,
          look: async () => {
            const context = await lookAgain();
            const hasWaited = mayWait && (await awaitUdev(session, context, signal));
            mayWait = false;
            return hasWaited ? lookAgain() : context;
          },
          effects: context => forwardEffects(input.step, context),
          onEffect: reports.onEffect,
          signal,
        });
      }),
    ),
    rollbackStep: fromPromise<StepReport, { readonly step: RollbackStep }>(
      alone(async (signal, input: { readonly step: RollbackStep }) => {
        // A full disk must not keep the host from being put back: any earlier stage leads a later start to the same way back.
        await session.reach('rollingBack').catch(() => undefined);
        return remember(session, await rollBackStep(session, input.step, reports, releaseMs, signal));
      }),
    ),
    bumpConfiguration: fromPromise<number>(alone(signal => host.bumpConfiguration(signal))),
    announce: fromPromise<void>(
      alone(async signal => {
        await session.reach('verifying');
        const { hostPort, kernel } = await lookNow({});
        if (hostPort === undefined) return;
        const addresses = kernel.addresses
          .filter(a => a.linkIndex === hostPort.index && isMovable(a) && a.scope < 254)
          .map(a => a.local);
        const effect: Effect = { op: 'announce', link: { index: hostPort.index, name: hostPort.name }, addresses };
        const [result] = await host.apply([effect], signal);
        const failure = result?.ok === false ? result.failure : null;
        // Neighbours that miss it learn from the next frame: the MAC is the same as before.
        reports.onEffect(effect, `announce ${addresses.join(', ')} on ${hostPort.name}`, failure);
      }),
    ),
    compareWithPlan: fromPromise<void>(alone(compareNow)),
    runProbes: fromPromise<void>(alone(probeNow)),
    openConfirmWindow: fromPromise<void>(
      alone(async () => {
        const due = session.journal()?.confirmDueAt ?? clock.wallTime() + (request.confirmWithinMs ?? 0);
        await session.reach('confirming', due);
        reports.onConfirmWindow(Math.max(0, due - clock.wallTime()));
      }),
    ),
    commitJournal: fromPromise<void>(
      alone(async signal => {
        // Much may have happened in the window: what is confirmed is the host as it is now.
        if (request.confirmWithinMs !== null) {
          await compareNow();
          await probeNow(signal);
        }
        await session.reach('committed');
      }),
    ),
    compareWithSnapshot: fromPromise<StepReport>(
      alone(async () => {
        const context = await lookNow(EVERYTHING);
        const differences = compareWithSnapshot(context);
        if (differences.length === 0) {
          return { nextCfg: null, pendingRows: session.pendingRows, uplink: null, hostPort: null, addresses: [] };
        }
        throw uplinkError('STATE_DIFFERS', {
          what: 'the host is not as it was before',
          object: request.uplink,
          got: differences
            .slice(0, 5)
            .map(d => `${d.field}: expected ${d.expected}, got ${d.got}`)
            .join('; '),
          advice: 'see who else manages this link (`ovs-uplink doctor`)',
        });
      }),
    ),
    closeJournal: fromPromise<void>(
      alone(async () => {
        if (session.pendingRows) await session.reach('rowsPending');
        else await session.removeJournal();
      }),
    ),
    abandon: fromPromise<void>(
      alone(async () => {
        // Nothing was done to a migration that was to be repaired: it stays committed.
        if (session.journal()?.stage !== 'committed') await session.removeJournal();
        await session.unlock();
      }),
    ),
  };
}

/** How long udev gets for the host port; it has not taken half a second on any host that was seen. */
const UDEV_LIMIT_MS = 3_000;

/** A udev that is late would change the MAC of a host port that is in use already (F-16). One that never comes holds nothing up for long. */
async function awaitUdev({ host, clock }: Session, context: StepContext, signal: AbortSignal): Promise<boolean> {
  const { plan, snapshot, uplink, hostPort } = context;
  const mac = plan.hostPort?.mac;
  if (mac === undefined || uplink === undefined || hostPort === undefined) return false;
  // By its old name, too: udev may not have come to the rename yet.
  const known = { ...uplink, altnames: [...uplink.altnames, snapshot.link.name] };
  const limit = new AbortController();
  const limitMs = Math.min(UDEV_LIMIT_MS, plan.request.deadlines.stepMs / 2);
  const timer = clock.setTimeout(() => limit.abort(), limitMs);
  try {
    return await underSignals([signal, limit.signal], either => host.awaitUdev(hostPort, mac, known, either));
  } finally {
    clock.clearTimeout(timer);
  }
}

/** Who does not answer cannot be known to have let go, and nothing is done to a link under its hands (F-81). Errors: `OWNER_UNREACHABLE`. */
function withOwners(context: StepContext): StepContext {
  const { networkManager, networkd } = context.owners;
  const release = context.plan.owners?.release ?? [];
  const silent = release.find(owner =>
    owner === 'NetworkManager' ? networkManager.state === 'silent' : networkd.state === 'silent',
  );
  if (silent === undefined) return context;
  throw uplinkError('OWNER_UNREACHABLE', {
    what: `${silent} manages the uplink and does not answer`,
    object: context.plan.request.uplink,
    advice: `see whether it hangs (\`systemctl status ${silent}\`), then migrate again`,
  });
}

/** From the moment that it was made, nothing goes on without the host port: traffic would lead nowhere. Errors: `LINK_GONE`. */
function withHostPort(step: ForwardStep, context: StepContext): StepContext {
  const isMade = step !== 'releasingOwners' && step !== 'renamingUplink' && step !== 'makingHostPort';
  const { plan, hostPort } = context;
  if (!isMade || plan.hostPort === null || hostPort?.name === plan.hostPort.name) return context;
  throw uplinkError('LINK_GONE', {
    what: hostPort === undefined ? 'the host port vanished' : `the host port was renamed to ${hostPort.name}`,
    object: plan.hostPort.name,
    advice: 'see who removes or renames it (`ovs-uplink doctor`, `udevadm monitor`)',
  });
}

function rollBackStep(
  session: Session,
  step: RollbackStep,
  reports: ActorReports,
  releaseMs: number,
  signal: AbortSignal,
): Promise<StepReport> {
  return rollBack(step, {
    host: session.host,
    clock: session.clock,
    subject: subjectOf(session),
    onEffect: reports.onEffect,
    signal,
    releaseMs,
    stepMs: subjectOf(session).plan.request.deadlines.stepMs,
    mayBeAttached: session.journal()?.mayBeAttached === true,
  });
}

function remember(session: Session, report: StepReport): StepReport {
  session.pendingRows ||= report.pendingRows;
  return report;
}

/** Our bridge goes with a restore, and with it whatever others have plugged into it since (I4). */
function refuseForeignPorts(session: Session, accepted: readonly string[]): void {
  const { bridge } = subjectOf(session).plan;
  const ovs = session.host.ovs();
  if (ovs === undefined || !bridge.create || accepted.includes('foreign-ports')) return;
  const row = findBridge(ovs, bridge.name);
  const foreign = ovs.ports.filter(port => row?.ports.includes(port.uuid) === true && !isMarked(port));
  if (foreign.length === 0) return;
  throw uplinkError('USAGE', {
    what: 'the bridge carries ports that are not ours, and would take them along',
    object: bridge.name,
    got: foreign.map(port => port.name).join(', '),
    advice: 'move them to another bridge first, or accept that they go: `--accept foreign-ports`',
  });
}

/** Connects to OVSDB where it answers soon; the way back does without it. */
async function connectBriefly({ host, clock }: Session, signal: AbortSignal): Promise<void> {
  try {
    await underOvsdbLimit(clock, 2_000, signal, limited => host.connectOvs(limited));
  } catch {
    signal.throwIfAborted();
  }
}

function askProbes(
  { host }: Session,
  request: MigrationRequest,
  { snapshot }: Assessed,
  signal: AbortSignal,
): Promise<readonly ProbeOutcome[]> {
  const links = snapshot === null ? [] : [snapshot.link.index];
  // Without a host port this host asks nobody over the uplink any more.
  const probes = request.layout === 'attach-only' ? request.probes.filter(p => p.kind !== 'gateway') : request.probes;
  return Promise.all(probes.map(probe => host.probe(probe, links, request.deadlines.probeMs, signal)));
}
