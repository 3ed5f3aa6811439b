import { toFailure } from '../../../../src/errors.ts';
import type { MoveCase } from '../../../../src/verify/explore/moves/move-case.ts';
import { runMoveCase } from '../../../../src/verify/explore/moves/run-move-case.ts';
import { shippedHost } from '../shipped.ts';

/** What a process with a planted fault is asked by move-defences.test.ts: which promises does this case break? */
export async function breakMove(planned: MoveCase): Promise<readonly string[]> {
  try {
    const { violations } = await runMoveCase(await shippedHost(planned.host), planned);
    return violations.map(({ what, object }) => `${what}: ${object}`);
  } catch (error) {
    return [toFailure(error).what];
  }
}
