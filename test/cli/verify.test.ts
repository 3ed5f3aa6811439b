import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { collectTerminal } from './collected-terminal.ts';

async function run(argv: readonly string[], json = false) {
  const collected = collectTerminal({ json });
  const code = await runCli(argv, collected.terminal, () => Promise.reject(new Error('no engine is needed')));
  return { code, out: collected.out(), err: collected.err(), objects: collected.objects };
}

describe('verify', () => {
  it('needs no host, prints where failures lead and the proofs, and ends with 0', async () => {
    const { code, out, err } = await run(['verify']);
    expect([code, err]).toEqual([0, '']);
    for (const chart of ['uplink-migration', 'ovs-readiness', 'altname-guard']) expect(out).toContain(chart);
    expect(out).toContain('→ rollingBack.restoringRoutes');
    expect(out).not.toMatch(/FAILS|NOT as promised/);
  });

  it('--json prints one object a line: failures and proofs, and for each chart that it holds', async () => {
    const { code, objects } = await run(['verify', '--json'], true);
    expect(code).toBe(0);
    const all = objects() as readonly Record<string, Record<string, unknown>>[];
    const charts = all.flatMap(({ chart }) => (chart === undefined ? [] : [chart]));
    expect(charts.length).toBeGreaterThanOrEqual(3);
    for (const chart of charts) expect(chart).toMatchObject({ holds: true });
    for (const key of ['failure', 'proof']) expect(all.filter(object => key in object).length).toBeGreaterThan(10);
    expect(all.filter(object => 'violation' in object)).toEqual([]);
  });

  it('takes no setting of a migration', async () => {
    const { code, err } = await run(['verify', '--bridge', 'br0']);
    expect(code).toBe(2);
    expect(err).toContain('--bridge');
  });
});
