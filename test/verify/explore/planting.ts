import { writeFile } from 'node:fs/promises';
import type { AnyCase } from '../../../src/verify/explore/any-case.ts';
import type { CaseResult } from '../../../src/verify/explore/case-result.ts';
import { formatCase, readCase } from '../../../src/verify/explore/case-yaml.ts';
import type { Finding } from '../../../src/verify/explore/explore.ts';
import { explore } from '../../../src/verify/explore/explore.ts';
import { playCase } from '../../../src/verify/explore/play-case.ts';
import { shrinkCase } from '../../../src/verify/explore/shrink.ts';
import { shippedHost, sourcesOf } from './shipped.ts';

// What a process with a planted bug is asked by planted.test.ts.

/** What a case file shows. */
export type Played = Pick<CaseResult, 'violations' | 'trace'>;

/** A case that shows the bug, and what its file shows, each time that it is played. */
export interface Shown {
  readonly case: AnyCase;
  readonly violations: CaseResult['violations'];
  readonly played: readonly Played[];
}

/** Explores one host a little, and writes the first finding as a file. */
export async function exploreLittle(asked: { readonly host: string; readonly budget: number; readonly path: string }) {
  const { host, budget, path } = asked;
  const { findings } = await explore({ seed: 1, budget, jobs: 1, hosts: await sourcesOf(host) });
  const [first] = findings;
  if (first === undefined) return { findings, shown: null };
  return { findings, shown: await show(first.case, first.violations, first.yaml, path) };
}

/** What {@link exploreLittle} tells. */
export interface Explored {
  readonly findings: readonly Finding[];
  readonly shown: Shown | null;
}

/** Makes a case as small as it still fails, and writes it as a file. */
export async function shrink(asked: { readonly failing: AnyCase; readonly path: string }): Promise<Shown> {
  const run = async (smaller: AnyCase) => playCase(await shippedHost(smaller.host), smaller);
  const { smallest, result } = await shrinkCase(asked.failing, run);
  return show(smallest, result.violations, formatCase(smallest, result), asked.path);
}

/** Plays a file. */
export async function play(path: string): Promise<Played> {
  const explored = await readCase(path);
  const { violations, trace } = await playCase(await shippedHost(explored.host), explored, { hashTrace: true });
  return { violations, trace };
}

async function show(
  explored: AnyCase,
  violations: CaseResult['violations'],
  yaml: string,
  path: string,
): Promise<Shown> {
  await writeFile(path, yaml);
  return { case: explored, violations, played: [await play(path), await play(path)] };
}
