import type { Bench } from './bench.ts';
import { isIn } from './bench.ts';
import type { CourseMove } from './course-notes.ts';
import type { AnyCourse } from './sample-input.ts';
import type { Told } from './told.ts';

/** Far above the number of moves of the longest course. */
const MAX_MOVES = 500;

/**
 * Goes on as the plain host's undisturbed course does until the chart rests in the state: what came in a state then comes there again, in that
 * order; then whoever waits for an answer gets the sample; and where nobody waits, every row of Open vSwitch is in order. No time passes. False when
 * that leads no further.
 */
export async function reach(bench: Bench, told: Told, course: AnyCourse, named: string): Promise<boolean> {
  let visited: string | undefined;
  let pending: CourseMove[] = [];
  let isInOrder = false;
  for (let count = 0; count < MAX_MOVES; count += 1) {
    const state = bench.state();
    if (isIn(state, named)) return true;
    if (bench.isOver()) return false;
    if (state !== visited) {
      visited = state;
      pending = [...(course.moves.get(state) ?? [])];
      isInOrder = false;
    }
    const move = pending.shift();
    const [asked] = bench.waiting();
    if (move !== undefined) await make(move, bench, told);
    else if (asked !== undefined) await bench.answer(asked, { output: null });
    else if (!isInOrder) {
      isInOrder = true;
      await bench.send(told.ovsInOrder());
    } else return false;
  }
  return false;
}

/** Whoever answers by itself, or is not asked this time, is not answered. */
async function make(move: CourseMove, bench: Bench, told: Told): Promise<void> {
  if ('event' in move) await bench.send(told.updated(move.event));
  else await bench.answer(move.answered, { output: null });
}
