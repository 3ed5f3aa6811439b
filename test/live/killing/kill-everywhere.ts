import type { MigrateOptions } from '../../../src/engine/engine.ts';
import { captureHost } from '../../lab/host-image.ts';
import type { Lab } from '../../lab/lab.ts';
import { createMortals, type Mortal, outcomesOf } from './mortals.ts';
import type { Death, Reply } from './protocol.ts';
import { roundTrip, settle } from './settle.ts';

/** What came of it. */
export interface Harvest {
  /** Points at which a process was killed, in order. */
  readonly killedAt: readonly string[];
  /** Chosen points that a later run did not come by, though every run should. */
  readonly missed: readonly string[];
  /** How many ended committed; all others are as before. */
  readonly committed: number;
  readonly problems: readonly string[];
}

/** One process that migrates or restores, and dies on the way. */
export type Attempt = (mortal: Mortal, die: Death) => Promise<Reply>;

/** A migration that dies at a point. */
export function dyingMigration(options: MigrateOptions): Attempt {
  return (mortal, die) => mortal.ask({ do: 'migrate', options, die });
}

/** A restore that dies at a point; the migration before it is undisturbed. */
export function dyingRestore(options: MigrateOptions): Attempt {
  return async (mortal, die) => {
    const [outcome] = outcomesOf(await mortal.ask({ do: 'migrate', options }));
    if (outcome?.result !== 'committed') throw new Error(`not migrated: ${JSON.stringify(outcome)}`);
    return await mortal.ask({ do: 'restore', uplink: options.uplink, die });
  };
}

/** Not in every run: what the kernel happens to know of its neighbours, and waits for what may be there already. */
function isChance(point: string): boolean {
  return point.startsWith('effect neighbour.') || point.includes('.awaiting');
}

/** Those of `states` (or states within them) in which no process was killed. */
export function statesLeftOut(states: readonly string[], { killedAt }: Harvest): readonly string[] {
  return states.filter(
    state => !killedAt.some(point => point === `state ${state}` || point.startsWith(`state ${state}.`)),
  );
}

/** Every point. */
export function everyPoint(): boolean {
  return true;
}

/** States that a pattern takes, and every n-th of all points: what a CI run can afford. `OVS_UPLINK_KILL_ALL=1` takes them all. */
export function sampleOf(states: RegExp, nth: number): (point: string, n: number) => boolean {
  if (process.env['OVS_UPLINK_KILL_ALL'] === '1') return everyPoint;
  return (point, n) => states.test(point) || n % nth === 0;
}

/**
 * Kills a process at its first point, recovers, looks whether the host is committed or as before; then at the second, and so on until the
 * end. The points are those of an undisturbed run before. At the end an undisturbed migration and restore must work.
 */
export async function killEverywhere(
  lab: Lab,
  options: MigrateOptions,
  attempt: Attempt,
  isChosen: (point: string, n: number) => boolean,
): Promise<Harvest> {
  const before = await captureHost(lab);
  const mortals = createMortals(lab);
  const killedAt: string[] = [];
  const missed: string[] = [];
  const problems: string[] = [];
  let committed = 0;
  let moves = 1;
  try {
    let mortal = await mortals.next();
    const points = await pointsOf(mortal, attempt);
    problems.push(...(await settle(lab, mortal, before)).problems.map(problem => `undisturbed: ${problem}`));
    for (const point of points.filter((name, index) => isChosen(name, index + 1))) {
      const reply = await attempt(mortal, point);
      if (reply.type === 'killed') {
        killedAt.push(point);
        mortal = await mortals.next();
      } else if (!isChance(point)) missed.push(point);
      moves += 1;
      const settled = await settle(lab, mortal, before, moves);
      if (settled.result === 'committed') committed += 1;
      problems.push(...settled.problems.map(problem => `killed at "${point}": ${problem}`));
      // What one failure leaves behind would only make more of them.
      if (settled.problems.length > 0) return { killedAt, missed, committed, problems };
    }
    problems.push(
      ...(await roundTrip(lab, mortal, options, before, moves + 1)).map(problem => `at the end: ${problem}`),
    );
  } finally {
    await mortals.stop();
  }
  return { killedAt, missed, committed, problems };
}

async function pointsOf(mortal: Mortal, attempt: Attempt): Promise<readonly string[]> {
  const reply = await attempt(mortal, 'none');
  if (reply.type !== 'ended') throw new Error(`an undisturbed run does not end: ${JSON.stringify(reply)}`);
  return reply.points;
}
