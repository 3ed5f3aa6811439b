import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import { verifyCharts } from '../../../src/verify/chart/verify-charts.ts';

const MACHINES = new URL('../../../machines/', import.meta.url);

describe('the charts', () => {
  it('keep every promise', () => {
    expect(verifyCharts().charts.flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('are all in the registry', async () => {
    const files = (await readdir(MACHINES)).filter(name => name.endsWith('.ts'));
    const exported = await Promise.all(
      files.map(async name => {
        const values = Object.values((await import(new URL(name, MACHINES).href)) as object);
        return values.filter(value => typeof value === 'object' && value !== null && 'root' in value);
      }),
    );
    const registered = new Set<unknown>(CHARTS.map(({ machine }) => machine));
    expect(exported.flat().filter(machine => !registered.has(machine))).toEqual([]);
    expect(registered.size).toBe(exported.flat().length);
  });

  it('stay as they are when they are proven: a report is plain data', () => {
    const report = verifyCharts();
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe('the failure table of uplink-migration', () => {
  const rows = verifyCharts().charts.find(({ chart }) => chart === 'uplink-migration')?.failures ?? [];
  const targetOf = (state: string, failure: string) =>
    rows.filter(row => row.state === state && row.failure === failure && row.by === state).map(({ target }) => target);

  it.each([
    ['preparing.standing.renamingUplink', 'rollingBack.restoringName'],
    ['preparing.standing.makingHostPort', 'rollingBack.removingHostPort'],
    ['cuttingOver.attachingUplink', 'rollingBack.detachingUplink'],
    ['cuttingOver.mutingUplink', 'rollingBack.unmutingUplink'],
    ['cuttingOver.switchingRoutes', 'rollingBack.restoringRoutes'],
    ['cuttingOver.removingUplinkAddresses', 'rollingBack.restoringUplinkAddresses'],
    ['verifying.probing', 'rollingBack.restoringUplinkAddresses'],
    ['confirming', 'rollingBack.restoringUplinkAddresses'],
  ])('says where %s goes back to', (state, target) => {
    for (const failure of ['error', 'deadline', 'ABORT']) expect(targetOf(state, failure)).toEqual([target]);
  });

  it('has what a state inherits, and says from which', () => {
    expect(rows).toContainEqual({
      chart: 'uplink-migration',
      state: 'cuttingOver.mutingUplink',
      failure: 'uplink removed',
      trigger: 'on netlink.link.removed [isUplink]',
      target: 'rollingBack.restoringUplinkAddresses',
      by: 'cuttingOver',
    });
  });
});
