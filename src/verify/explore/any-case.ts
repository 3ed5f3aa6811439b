import { describeDisturbances } from './disturbance.ts';
import type { ExploreCase } from './explore-case.ts';
import type { MoveCase } from './moves/move-case.ts';

/** One run of exploration, of whichever chart. */
export type AnyCase = ExploreCase | MoveCase;

/** True for a case of link-move. */
export function isMoveCase(explored: AnyCase): explored is MoveCase {
  return 'link' in explored;
}

/** `rich/host-port/migrate route.replace#2:hang preparing.locking#1:ovsdb.stop`. */
export function describeCase(explored: AnyCase): string {
  const what = isMoveCase(explored)
    ? `${explored.host}/${explored.link}/${explored.course}/${explored.way} as ${explored.name}`
    : `${explored.host}/${explored.layout}/${explored.course}`;
  return [what, ...describeDisturbances(explored)].join(' ');
}
