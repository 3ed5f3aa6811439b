import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { AnyCase } from './any-case.ts';
import { isMoveCase } from './any-case.ts';
import type { RunCaseOptions } from './case-bench.ts';
import type { CaseResult } from './case-result.ts';
import { runMoveCase } from './moves/run-move-case.ts';
import { runCase } from './run-case.ts';

/** Runs one case of whichever chart. */
export function playCase(host: HostDescription, explored: AnyCase, options: RunCaseOptions = {}): Promise<CaseResult> {
  return isMoveCase(explored) ? runMoveCase(host, explored, options) : runCase(host, explored, options);
}
