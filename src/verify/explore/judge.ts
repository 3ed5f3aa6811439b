import type { RunOutcome, RunResult } from '../../engine/run.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { World } from '../../host/simulated/world.ts';
import { askGateways } from '../../host/simulated/world.ts';
import { checkInvariants } from '../invariants/check-invariants.ts';
import type { HostImage, Invariant } from '../invariants/ended-run.ts';

/** An invariant of the design that does not hold; a link that is not where a move should have it; a run that never ends; or a defect of ours. */
export interface CaseViolation {
  readonly invariant: Invariant | 'move' | 'liveness' | 'defect';
  readonly what: string;
  readonly object: string;
  readonly expected?: string;
  readonly got?: string;
}

/** One end of a case. */
export interface End {
  readonly uplink: string;
  readonly result: RunResult;
  readonly outcome: RunOutcome | undefined;
  readonly wasKilled: boolean;
  /** ovsdb-server runs, and ovs-vswitchd had the time to connect to it. */
  readonly ovsAnswers: boolean;
  /** Nothing has been in the way since before the run. */
  readonly faultsEnded: boolean;
  /** How much there was when this migration began, of what was tried and of what was written; left out, it is the first one. */
  readonly since?: { readonly tried: number; readonly written: number };
}

/** The host as it is now. */
export function imageOf(world: World, folder: SimulatedFolder, uplink: string): HostImage {
  const kernel = world.kernel.read({ routes: true });
  return {
    kernel,
    sysctls: Object.fromEntries(kernel.links.map(link => [link.name, world.kernel.sysctls(link.name)])),
    muted: world.kernel.mutedLinks(),
    ovs: world.ovs.database(),
    reachable: Object.fromEntries(
      askGateways(
        world,
        kernel.links.map(link => link.index),
      ),
    ),
    journal: folder.journals.has(uplink) || folder.moves.has(uplink),
    owners: world.owners.read(),
  };
}

/** Judges one end against each of the bases that the host may be compared with; the one that it is nearest to counts. */
export function judge(
  end: End,
  world: World,
  folder: SimulatedFolder,
  bases: readonly { readonly image: HostImage; readonly elapsedS: number }[],
  foreign: readonly string[],
): readonly CaseViolation[] {
  const after = imageOf(world, folder, end.uplink);
  const { tried, written } = end.since ?? { tried: 0, written: 0 };
  const journals = written === 0 ? folder.written : folder.written.slice(written);
  const effects = tried === 0 ? world.tried : world.tried.slice(tried);
  let fewest: readonly CaseViolation[] | undefined;
  for (const base of bases) {
    const violations = checkInvariants({
      uplink: end.uplink,
      result: end.result,
      pendingRows: end.outcome?.pendingRows ?? false,
      base: base.image,
      after,
      elapsedS: base.elapsedS,
      plan: journals.at(-1)?.plan ?? null,
      journals,
      effects,
      wasKilled: end.wasKilled,
      faultsEnded: end.faultsEnded,
      ovsAnswers: end.ovsAnswers && world.ovs.forwards(),
      foreign,
    });
    if (violations.length === 0) return [];
    if (fewest === undefined || violations.length < fewest.length) fewest = violations;
  }
  return fewest ?? [];
}
