import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareGolden, goldenPath, writeGolden } from '../../../src/scenario/report/golden.ts';
import type { TimelineEntry } from '../../../src/scenario/result.ts';
import { sampleResult, sampleScenario, statesOf } from './sample-result.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-golden-'));
  path = goldenPath(join(folder, 'a-sample.yaml'));
});
afterEach(() => rm(folder, { recursive: true }));

const odd: TimelineEntry = { atMs: 4, type: 'observed', text: 'two\nlines == "quoted" \u001b' };

describe('a golden time line', () => {
  it('is the file beside the scenario', () => {
    expect(path).toBe(join(folder, 'a-sample.golden'));
  });

  it('that is not there demands nothing', async () => {
    expect(await compareGolden(path, sampleResult({ timeline: statesOf(3) }))).toBeNull();
  });

  it('equals what it was written from, also where a text has lines, quotes and escapes', async () => {
    const results = [
      sampleResult({ timeline: [...statesOf(3), odd] }),
      sampleResult({ scenario: sampleScenario({ name: 'a-sample[errno=EPERM]' }), timeline: statesOf(2) }),
    ];
    await writeGolden(path, results);
    for (const result of results) expect(await compareGolden(path, result)).toBeNull();
  });

  it.each([
    ['another entry', (entries: TimelineEntry[]) => entries.with(1, { atMs: 1, type: 'state', state: 'else' }), 1],
    ['another time', (entries: TimelineEntry[]) => entries.with(2, { atMs: 9, type: 'state', state: 'state2' }), 2],
    ['one more', (entries: TimelineEntry[]) => [...entries, odd], 3],
    ['one less', (entries: TimelineEntry[]) => entries.slice(0, 2), null],
  ])('with %s shows the first line that differs', async (_, change, at) => {
    await writeGolden(path, [sampleResult({ timeline: statesOf(3) })]);
    const mismatch = await compareGolden(path, sampleResult({ timeline: change(statesOf(3)) }));
    expect(mismatch).toMatchObject({ what: 'the golden time line', at, place: { file: path } });
    const line = (await readFile(path, 'utf8')).split('\n')[mismatch!.place.line - 1];
    // The place is that of the line that was expected.
    if (line !== '') expect(mismatch!.expected).toBe(line);
    else expect(mismatch!.expected).toContain('the end');
    expect(mismatch!.got).not.toBe(mismatch!.expected);
  });

  it('of other scenarios says that this one has none', async () => {
    await writeGolden(path, [sampleResult()]);
    const other = sampleResult({ scenario: sampleScenario({ name: 'other' }) });
    expect(await compareGolden(path, other)).toMatchObject({ expected: 'a golden time line of other' });
  });
});
