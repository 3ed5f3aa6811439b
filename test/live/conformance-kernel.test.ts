import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canMakeNamespaces } from '../netlink/netns-lab.ts';
import type { Bench } from './conforming/kernel/bench.ts';
import { openBench } from './conforming/kernel/bench.ts';
import { runSequence } from './conforming/kernel/run-sequence.ts';
import { sequence } from './conforming/kernel/sequence.ts';

/** CONFORMANCE_SEED replays one seed; CONFORMANCE_RUNS says how many sequences, of each seed. */
const RUNS = Number(process.env['CONFORMANCE_RUNS'] ?? 1_000);
const FIXED_SEED = 20_261_121;
const seeds =
  process.env['CONFORMANCE_SEED'] === undefined
    ? [FIXED_SEED, randomInt(2 ** 31)]
    : [Number(process.env['CONFORMANCE_SEED'])];

describe.skipIf(!canMakeNamespaces)('the kernel model does as the kernel', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench?.close());

  test.for(seeds)(`seed %i`, { timeout: 600_000 }, async seed => {
    const property = fc.asyncProperty(sequence, async operations => {
      const { story, differences } = await runSequence(bench, operations);
      if (differences.length > 0) throw new Error([...story, '', ...differences].join('\n'));
    });
    const details = await fc.check(property, { seed, numRuns: RUNS });
    const { error } = details as { error?: unknown };
    const text = details.failed
      ? `seed ${seed}, sequence ${details.numRuns}, shrunk ${details.numShrinks} times\n${String(details.errorInstance ?? error)}`
      : 'no difference';
    expect(text).toBe('no difference');
  });
});
