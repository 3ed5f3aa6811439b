import { fromPromise } from 'xstate';
import type { MoveAssessment, ReturnReport } from '../../../machines/link-move-types.ts';
import { isAlreadyDone, isWorthAnotherLook } from '../../domain/already-done.ts';
import type { Effect } from '../../domain/effect.ts';
import { describeEffect } from '../../domain/effect-text.ts';
import { linkByIndex, linkByName } from '../../domain/kernel-state.ts';
import { isUp } from '../../domain/link.ts';
import { identify } from '../../domain/move/identity.ts';
import type { MoveStep, ReturnStep } from '../../domain/move/plan.ts';
import { precheckMove } from '../../domain/move/precheck.ts';
import type { MoveRequest } from '../../domain/move/request.ts';
import type { MoveSight, PlacedEffect } from '../../domain/move/steps.ts';
import { moveEffects, returnEffects, withIndex } from '../../domain/move/steps.ts';
import { takeSnapshot } from '../../domain/snapshot.ts';
import { diffSnapshots } from '../../domain/snapshot-diff.ts';
import type { Failure } from '../../errors.ts';
import { toUplinkError, uplinkError } from '../../errors.ts';
import { underSignals } from '../clock.ts';
import { describeForeign } from '../migration/assess.ts';
import type { MoveSession } from './session.ts';

/** Rounds of look and change after which a step that still wants something is told to have failed. */
const MAX_ROUNDS = 8;

/** What the actors tell beside their results. */
export interface MoveReports {
  onEffect(effect: Effect, text: string, failure: Failure | null): void;
}

/** What each step must read beside links and addresses. */
const NEEDS = { restoringLink: { routes: true, sysctls: true } } as const;

/** The actors of the chart link-move, bound to one session. */
export function moveActors(session: MoveSession, request: MoveRequest, reports: MoveReports) {
  /** One works at a time: a late one has ended before the next begins. */
  const alone =
    <T, I>(work: (signal: AbortSignal, input: I) => Promise<T>) =>
    ({ signal, input }: { readonly signal: AbortSignal; readonly input: I }): Promise<T> =>
      session.exclusive(() => underSignals([signal, session.life.signal], living => work(living, input)));

  const run = (
    name: MoveStep | ReturnStep,
    effects: (sight: MoveSight) => readonly PlacedEffect[],
    signal: AbortSignal,
  ): Promise<MoveSight> => {
    const needs = name === 'restoringLink' ? NEEDS.restoringLink : {};
    return carryOut(session, name, () => session.look(needs), effects, reports, signal);
  };

  return {
    takeOver: fromPromise<void>(
      alone(async () => {
        const journal = session.record();
        const facts = await session.host.readFacts(request.link);
        const foreign = journal === undefined ? null : describeForeign(journal, facts);
        if (foreign !== null) {
          throw uplinkError('JOURNAL_FOREIGN', {
            what: `the journal was written ${foreign}`,
            object: request.link,
            advice: 'the link that it describes is not one of these: remove the journal',
          });
        }
        await session.lock();
      }),
    ),
    assess: fromPromise<MoveAssessment>(alone(() => assess(session, request))),
    acquireLock: fromPromise<void>(alone(() => session.lock())),
    writeJournal: fromPromise<MoveAssessment>(
      alone(async () => {
        const takenAt = session.clock.wallTime();
        const assessed = await assess(session, request);
        const { plan, snapshot } = assessed;
        if (plan === null || snapshot === null || session.identity === undefined) return assessed;
        const { id, identity } = session;
        await session.write({ id, stage: 'moving', identity, request, plan, snapshot, takenAt });
        return assessed;
      }),
    ),
    moveStep: fromPromise<void, { readonly step: MoveStep }>(
      alone(async (signal, { step }: { readonly step: MoveStep }) => {
        const sight = await run(step, seen => moveEffects(step, seen), signal);
        if (sight.atTarget === undefined) throw vanished(sight);
      }),
    ),
    compareWithPlan: fromPromise<void>(
      alone(async () => {
        const differences = compareWithPlan(await session.look({}));
        if (differences.length === 0) return;
        throw uplinkError('STATE_DIFFERS', {
          what: 'the link is not as asked',
          object: request.link,
          got: differences.join('; '),
          advice: 'see who else manages links in the target namespace',
        });
      }),
    ),
    commitJournal: fromPromise<void>(alone(() => session.reach('inUse'))),
    returnStep: fromPromise<ReturnReport, { readonly step: ReturnStep }>(
      alone(async (signal, { step }: { readonly step: ReturnStep }) => {
        // A full disk must not keep the link from coming home: any stage leads a later start to the same way back.
        await session.reach('returning').catch(() => undefined);
        const sight = await run(step, seen => returnEffects(step, seen), signal);
        if (step === 'restoringName') refuseOtherName(sight);
        return { linkGone: sight.atHome === undefined && sight.atTarget === undefined };
      }),
    ),
    compareWithSnapshot: fromPromise<void>(
      alone(async () => {
        const sight = await session.look({ routes: true, sysctls: true });
        const { atHome: link, snapshot, home } = sight;
        // Nowhere: there is nothing to compare.
        if (link === undefined) return;
        const now = takeSnapshot(home, link.index, sight.sysctls);
        const differences =
          now === undefined ? [] : diffSnapshots(withIndex(snapshot, link.index), now, sight.elapsedS);
        if (differences.length === 0) return;
        throw uplinkError('STATE_DIFFERS', {
          what: 'the link is not as it was',
          object: request.link,
          got: differences
            .slice(0, 5)
            .map(({ field, expected, got }) => `${field}: ${got}, before ${expected}`)
            .join('; '),
          advice: 'see who else manages this link (`ovs-uplink doctor`)',
        });
      }),
    ),
    closeJournal: fromPromise<void>(alone(() => session.removeJournal())),
    abandon: fromPromise<void>(alone(() => session.removeJournal())),
  };
}

async function assess(session: MoveSession, request: MoveRequest): Promise<MoveAssessment> {
  const { host } = session;
  const facts = await host.readFacts(request.link);
  session.identity = facts.identity;
  const target = await session.openTarget(request.netns);
  const [home, there] = [await host.readKernel({ routes: true }), await target.readKernel()];
  const findings = precheckMove({ request, home, target: there });
  const link = linkByName(home, request.link);
  if (link === undefined || findings.some(found => found.severity === 'blocking')) {
    return { verdict: 'refuse', findings, plan: null, snapshot: null };
  }
  const snapshot = takeSnapshot(home, link.index, await host.readSysctls(link.name)) ?? null;
  const plan = { id: session.id, request, identity: identify(link), target: target.id };
  return { verdict: 'proceed', findings, plan, snapshot };
}

function compareWithPlan({ plan, snapshot, atTarget: link }: MoveSight): readonly string[] {
  if (link === undefined) return ['it is not in the target namespace'];
  const { name } = plan.request;
  const differences: string[] = [];
  if (link.name !== name) differences.push(`it is called ${link.name}, not ${name}`);
  if (isUp(snapshot.link) && !isUp(link)) differences.push('it is down');
  if (link.mac !== snapshot.link.mac) differences.push(`its address is ${link.mac}, not ${snapshot.link.mac}`);
  if (link.mtu !== snapshot.link.mtu) differences.push(`its MTU is ${link.mtu}, not ${snapshot.link.mtu}`);
  return differences;
}

function refuseOtherName({ atHome: link, snapshot, home }: MoveSight): void {
  const { name } = snapshot.link;
  if (link === undefined || link.name === name) return;
  const bearer = home.links.find(other => other.name === name || other.altnames.includes(name));
  throw uplinkError('STATE_DIFFERS', {
    what: 'the name of the link is taken at home',
    object: name,
    got: bearer === undefined ? `it is called ${link.name}` : `${bearer.name} answers to it`,
    advice: `free the name; the link is here as ${link.name}`,
  });
}

function vanished({ plan }: MoveSight): Error {
  return uplinkError('LINK_GONE', {
    what: 'the link is in neither namespace',
    object: plan.request.link,
    advice: 'was it unplugged, or did somebody move it on?',
  });
}

/** Looks, changes what is still to be changed, and looks again, until nothing is left. Errors: the first refusal; `STATE_DIFFERS`. */
async function carryOut(
  session: MoveSession,
  name: string,
  look: () => Promise<MoveSight>,
  effects: (sight: MoveSight) => readonly PlacedEffect[],
  reports: MoveReports,
  signal: AbortSignal,
): Promise<MoveSight> {
  for (let round = 0; ; round += 1) {
    signal.throwIfAborted();
    const sight = await look();
    const placed = effects(sight);
    if (placed.length === 0) return sight;
    if (round === MAX_ROUNDS) {
      throw uplinkError('STATE_DIFFERS', {
        what: `${name}: the link does not keep what was set`,
        object: sight.plan.request.link,
        got: placed.map(({ effect }) => effect.op).join(', '),
        advice: 'somebody else changes it back; see `ovs-uplink doctor`',
      });
    }
    await change(session, sight, placed, reports, signal);
  }
}

async function change(
  session: MoveSession,
  sight: MoveSight,
  placed: readonly PlacedEffect[],
  reports: MoveReports,
  signal: AbortSignal,
): Promise<void> {
  for (const at of ['target', 'home'] as const) {
    const effects = placed.filter(one => one.at === at).map(one => one.effect);
    if (effects.length === 0) continue;
    const target = await session.target(sight.plan);
    const place = at === 'home' ? session.host : target;
    if (place === undefined) throw vanished(sight);
    const kernel = at === 'home' ? sight.home : sight.target;
    const nameOf = (index: number): string =>
      (kernel === null ? undefined : linkByIndex(kernel, index)?.name) ?? `link ${index}`;
    let refusal: Failure | undefined;
    const results = await place.apply(effects, signal);
    for (const [index, result] of results.entries()) {
      const effect = effects[index];
      if (effect === undefined) continue;
      const failure = result.ok || isAlreadyDone(effect, result.failure) ? null : result.failure;
      const text = describeEffect(effect, nameOf);
      reports.onEffect(effect, at === 'home' ? text : `in ${sight.plan.request.netns}: ${text}`, failure);
      if (failure !== null && !isWorthAnotherLook(effect, failure)) refusal ??= failure;
    }
    if (refusal !== undefined) throw toUplinkError(refusal);
  }
}
