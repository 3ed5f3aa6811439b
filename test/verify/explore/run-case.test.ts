import { describe, expect, it } from 'vitest';
import { loadHost } from '../../../src/host/simulated/description/load-host.ts';
import { undisturbedCases } from '../../../src/verify/explore/enumerate.ts';
import type { Course, ExploreCase } from '../../../src/verify/explore/explore-case.ts';
import { runCase } from '../../../src/verify/explore/run-case.ts';
import { readShippedHosts } from '../../../src/verify/explore/shipped-hosts.ts';
import { PLAIN, shippedHost } from './shipped.ts';

/** Where each course ends with nothing in the way. */
const ENDS: Readonly<Record<Course, readonly string[]>> = {
  migrate: ['committed'],
  confirm: ['committed'],
  expire: ['rolledBack'],
  restore: ['committed', 'rolledBack'],
  again: ['committed', 'committed'],
};

const run = async (changes: Partial<ExploreCase>) =>
  runCase(await shippedHost('plain'), { ...PLAIN, ...changes }, { hashTrace: true });

describe('with nothing in the way', () => {
  it('every course of every shipped host ends as it should, with every promise kept', { timeout: 60_000 }, async () => {
    for (const { file, text } of await readShippedHosts()) {
      const host = loadHost(text, file);
      // One layout: exploration has them all.
      const cases = undisturbedCases(host);
      for (const planned of cases.filter(({ layout }) => layout === cases[0]?.layout)) {
        const { ends, violations } = await runCase(host, planned);
        expect({ host: host.name, course: planned.course, ends, violations }).toEqual({
          host: host.name,
          course: planned.course,
          ends: ENDS[planned.course],
          violations: [],
        });
      }
    }
  });
});

describe('a case', () => {
  const hang: ExploreCase['faults'][number] = { operation: 'route.replace', nth: 1, kind: 'hang' };

  it('goes the same way each time, and another way with another fault', async () => {
    const first = await run({ faults: [hang] });
    expect(await run({ faults: [hang] })).toEqual(first);
    expect((await run({ faults: [{ ...hang, kind: 'refused' }] })).trace).not.toBe(first.trace);
    expect((await run({ faults: [{ ...hang, nth: 2 }] })).trace).not.toBe(first.trace);
  });

  it('goes back after a step that hangs, and keeps its promises', async () => {
    const { ends, violations, states } = await run({ faults: [hang] });
    expect(ends[0]).toBe('rolledBack');
    expect(violations).toEqual([]);
    expect(states.map(({ state }) => state)).toContain('rollingBack.restoringRoutes');
  });

  it('is put right by the next process after a kill', async () => {
    const { ends, violations } = await run({ faults: [{ operation: 'route.replace', nth: 1, kind: 'kill-after' }] });
    expect(ends).toEqual(['killed', 'rolledBack']);
    expect(violations).toEqual([]);
  });

  it('meets an incident where the case says, once', async () => {
    const lines: string[] = [];
    const abort: ExploreCase['incidents'][number] = {
      when: { state: 'cuttingOver.switchingRoutes', nth: 1 },
      incident: { kind: 'abort' },
    };
    const { ends } = await runCase(
      await shippedHost('plain'),
      { ...PLAIN, incidents: [abort] },
      { onTrace: line => lines.push(line) },
    );
    const at = lines.findIndex(line => line.startsWith('incident'));
    expect(lines[at - 1]).toMatch(/-> cuttingOver\.switchingRoutes$/);
    expect(lines.filter(line => line.startsWith('incident'))).toEqual(['incident {"kind":"abort"}']);
    expect(ends[0]).toBe('rolledBack');
  });

  it('has a trace only where it is asked for', async () => {
    const { trace } = await runCase(await shippedHost('plain'), PLAIN);
    expect(trace).toBe('');
    expect((await run({})).trace).toMatch(/^[0-9a-f]{64}$/);
  });
});
