import type { MigrateOptions } from '../../../src/engine/engine.ts';
import { describeFailure } from '../../../src/errors.ts';
import { captureHost, diffImages, type HostImage } from '../../lab/host-image.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Mortal } from './mortals.ts';
import { outcomesOf } from './mortals.ts';

/** How a host came to rest after a process had died. */
export interface Settled {
  readonly result: 'committed' | 'before';
  /** What is wrong, one line each; none when all is well. */
  readonly problems: readonly string[];
}

/**
 * Runs `recover` and judges the host by dumps of its own: it is committed, which a restore then undoes, or equal to `before`. Either way no
 * journal is unfinished, no lock is held and no row of ours is left at the end.
 */
export async function settle(lab: Lab, mortal: Mortal, before: HostImage, moves = 1): Promise<Settled> {
  const problems: string[] = [];
  for (const outcome of outcomesOf(await mortal.ask({ do: 'recover' }))) {
    if (outcome.result === 'committed' || outcome.result === 'rolledBack') continue;
    problems.push(`recover: ${outcome.result}: ${outcome.failure === null ? '' : describeFailure(outcome.failure)}`);
  }
  const { state, problems: more } = await statusOf(mortal);
  problems.push(...more);
  if (state === 'committed') {
    const [outcome] = outcomesOf(await mortal.ask({ do: 'restore', uplink: lab.uplinkName }));
    if (outcome?.result !== 'rolledBack') problems.push(`restore: ${describe(outcome)}`);
    problems.push(...(await statusOf(mortal)).problems);
  }
  problems.push(...(await differencesFrom(lab, before, moves)));
  return { result: state === 'committed' ? 'committed' : 'before', problems };
}

/**
 * One line a difference between the host and an image of it; none when it is as it was. `moves`: how often the addresses have moved since.
 */
export async function differencesFrom(lab: Lab, before: HostImage, moves = 1): Promise<readonly string[]> {
  return diffImages(before, await captureHost(lab), {
    // A datapath's own link: it carries nothing, and outlives the ports where ovs-vswitchd is dead (dpif-netdev.c, dpif-netlink.c).
    ignoreLinks: ['ovs-netdev', 'ovs-system'],
    // Lifetimes are whole seconds: every time that an address is made anew cuts off a part of one.
    lifetimeToleranceS: 2 + moves,
  });
}

async function statusOf(mortal: Mortal): Promise<{ readonly state: string | null; readonly problems: string[] }> {
  const reply = await mortal.ask({ do: 'status' });
  if (reply.type !== 'status') throw new Error(`expected a status, got ${JSON.stringify(reply)}`);
  const problems: string[] = [];
  if (reply.lockHolder !== null) problems.push(`the lock is held by ${reply.lockHolder}`);
  for (const report of reply.reports) {
    if (report.state !== 'committed') problems.push(`status: a journal is left in ${report.state}`);
    if (report.live) problems.push('status: says that a process is at work');
    if (report.failure !== null) problems.push(`status: ${describeFailure(report.failure)}`);
    problems.push(...report.drift.map(drift => `status: drift: ${drift}`));
  }
  return { state: reply.reports[0]?.state ?? null, problems };
}

function describe(outcome: { readonly result: string; readonly failure: unknown } | undefined): string {
  return JSON.stringify({ result: outcome?.result, failure: outcome?.failure });
}

/** Migrates and restores undisturbed; says what went wrong. */
export async function roundTrip(
  lab: Lab,
  mortal: Mortal,
  options: MigrateOptions,
  before: HostImage,
  moves = 1,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const [there] = outcomesOf(await mortal.ask({ do: 'migrate', options }));
  if (there?.result !== 'committed') problems.push(`migrate: ${describe(there)}`);
  const [back] = outcomesOf(await mortal.ask({ do: 'restore', uplink: options.uplink }));
  if (back?.result !== 'rolledBack') problems.push(`restore: ${describe(back)}`);
  return [...problems, ...(await differencesFrom(lab, before, moves))];
}
