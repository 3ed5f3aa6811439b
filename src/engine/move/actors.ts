import { fromPromise } from 'xstate';
import type { MoveAssessment, ReturnReport, TakeOverReport } from '../../../machines/link-move-types.ts';
import { isAlreadyDone, isWorthAnotherLook } from '../../domain/already-done.ts';
import type { Effect } from '../../domain/effect.ts';
import { describeEffect } from '../../domain/effect-text.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import type { MovePlan, MoveStep, ReturnStep } from '../../domain/move/plan.ts';
import type { MoveRequest } from '../../domain/move/request.ts';
import type { MoveSight, Place, PlacedEffect } from '../../domain/move/steps.ts';
import { masterOf, moveEffects, returnEffects, withIndex } from '../../domain/move/steps.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { takeSnapshot } from '../../domain/snapshot.ts';
import { diffSnapshots } from '../../domain/snapshot-diff.ts';
import type { Failure } from '../../errors.ts';
import { toUplinkError, uplinkError } from '../../errors.ts';
import { underSignals } from '../clock.ts';
import { describeForeign } from '../migration/assess.ts';
import { awaitArrival } from './arrival.ts';
import { findDone, judge, prepare, refuseAway, withoutRules } from './assess.ts';
import { compareWithPlan } from './compare.ts';
import { entryOf } from './record.ts';
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
    takeOver: fromPromise<TakeOverReport>(
      alone(async () => {
        const journal = session.record();
        if (journal === undefined) throw uplinkError('DEFECT', { what: 'no journal to go on from' });
        const { identity } = await session.host.readMoveFacts(null);
        await session.lock();
        // While we waited for the lock, another process may have ended what the journal said.
        const now = await session.surroundings.moves.read(request.link);
        if (now?.id !== journal.id) {
          throw uplinkError('JOURNAL_MISSING', {
            what: 'another process has brought the link home meanwhile',
            object: request.link,
            advice: 'see `ovs-uplink status`',
          });
        }
        session.adopt(now);
        const entry = entryOf(now.stage);
        if (identity.machineId === journal.identity.machineId && identity.bootId !== journal.identity.bootId) {
          // A boot ends every namespace and gives every link its own name: it is at home, as the host makes it.
          await session.removeJournal();
          return { isOver: true, entry };
        }
        const foreign = describeForeign(journal, { identity });
        if (foreign !== null) {
          throw uplinkError('JOURNAL_FOREIGN', {
            what: `the journal was written ${foreign}`,
            object: request.link,
            advice: 'the link that it describes is not one of these: remove the journal',
          });
        }
        return { isOver: false, entry };
      }),
    ),
    assess: fromPromise<MoveAssessment>(
      alone(async signal => (await findDone(session, request)) ?? (await judge(session, request, signal)).assessment),
    ),
    acquireLock: fromPromise<void>(alone(() => session.lock())),
    writeJournal: fromPromise<MoveAssessment>(
      alone(async signal => {
        const takenAt = session.clock.wallTime();
        // Under the lock: another process may have moved it since.
        const away = await session.surroundings.moves.read(request.link);
        if (away !== undefined) return refuseAway(away);
        const assessed = await prepare(session, request, signal);
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
    commitJournal: fromPromise<void>(
      alone(async () => {
        await session.closeTransit();
        // With what it is known by there.
        const { plan } = await session.look({});
        await session.reach('inUse', plan);
      }),
    ),
    returnStep: fromPromise<ReturnReport, { readonly step: ReturnStep }>(
      alone(async (signal, { step }: { readonly step: ReturnStep }) => {
        // A full disk must not keep the link from coming home: any stage leads a later start to the same way back.
        await session.reach('returning').catch(() => undefined);
        if (step === 'bringingHome') await awaitArrival(session, signal);
        const sight = await run(step, seen => returnEffects(step, seen), signal);
        if (step === 'restoringName') refuseOtherName(sight);
        return { linkGone: sight.atHome === undefined && sight.atTarget === undefined };
      }),
    ),
    compareWithSnapshot: fromPromise<void>(
      alone(async () => {
        const sight = await session.look({ routes: true, sysctls: true });
        const { atHome: link, home } = sight;
        // Nowhere: there is nothing to compare.
        if (link === undefined) return;
        const now = takeSnapshot(home, link.index, sight.sysctls);
        const differences =
          now === undefined ? [] : diffSnapshots(expectedOf(sight, link), withoutRules(now), sight.elapsedS);
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
    closeJournal: fromPromise<void>(
      alone(async () => {
        await session.closeTransit();
        await session.removeJournal();
      }),
    ),
    abandon: fromPromise<void>(alone(() => session.removeJournal())),
  };
}

/** What the link must look like at home again. */
function expectedOf({ snapshot, home }: MoveSight, link: Link): Snapshot {
  const expected = withIndex(snapshot, link.index);
  if (masterOf(snapshot, home) !== undefined) return expected;
  // It had none, or had one that is gone, or that takes its ports back by itself.
  return { ...expected, link: { ...expected.link, master: link.master } };
}

function netnsOf(plan: MovePlan, place: Place): string {
  return place === 'target' ? plan.request.netns : plan.transit;
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
    what: 'the link is in none of its namespaces',
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
  for (const at of ['transit', 'target', 'home'] as const) {
    const effects = placed.filter(one => one.at === at).map(one => one.effect);
    if (effects.length === 0) continue;
    const { plan } = sight;
    if (effects.some(effect => effect.op === 'link.move' && effect.to === plan.transit))
      await session.openTransit(plan);
    const place = await session.place(plan, at);
    if (place === undefined) throw vanished(sight);
    const kernel = sight[at];
    const nameOf = (index: number): string =>
      (kernel === null ? undefined : linkByIndex(kernel, index)?.name) ?? `link ${index}`;
    let refusal: Failure | undefined;
    const results = await place.apply(effects, signal);
    for (const [index, result] of results.entries()) {
      const effect = effects[index];
      if (effect === undefined) continue;
      const failure = result.ok || isAlreadyDone(effect, result.failure) ? null : result.failure;
      const text = describeEffect(effect, nameOf);
      reports.onEffect(effect, at === 'home' ? text : `in ${netnsOf(plan, at)}: ${text}`, failure);
      if (failure !== null && !isWorthAnotherLook(effect, failure)) refusal ??= failure;
    }
    if (refusal !== undefined) throw toUplinkError(refusal);
  }
}
