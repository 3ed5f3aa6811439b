import { expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { type CliResult, runCli, spawnCli } from './support/cli.ts';
import { captureEverything, captureTimed, diffTimed, expectUnchanged } from './support/unchanged.ts';

const MIGRATE = ['migrate', '-i', 'eth0', '-b', 'br-ext'];

describeLive('commit-confirmed', () => {
  it('commits when another process confirms within the window', async () => {
    await using lab = await createLab({ name: 'conf' });
    await configurePlainHost(lab);
    const before = await captureTimed(lab);
    const run = spawnCli(lab, [...MIGRATE, '--confirm-within', '60s']);
    const { event } = await run.object(({ event }) => event?.type === 'confirm-window');
    expect(event).toMatchObject({ remainingMs: expect.any(Number) });

    const [waiting] = (await runCli(lab, ['status'])).objects;
    expect(waiting?.status).toMatchObject({ uplink: 'eth0', state: 'confirming', live: true });
    const left = waiting?.status?.confirmRemainingMs ?? -1;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(60_000);
    // Another uplink's word does not count.
    const stray = await runCli(lab, ['confirm', '-i', 'lo']);
    expectOneClearLine(stray);
    expect(run.child.exitCode).toBeNull();

    const confirmed = await runCli(lab, ['confirm', '-i', 'eth0']);
    expect([confirmed.code, confirmed.objects]).toEqual([0, [{ confirmed: 'eth0' }]]);
    const ended = await run.ended;
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    expect(ended.outcome).toMatchObject({ result: 'committed', failure: null });
    expect((await runCli(lab, ['status'])).objects).toMatchObject([
      { status: { state: 'committed', live: false, confirmRemainingMs: null, drift: [] } },
    ]);

    expect((await runCli(lab, ['restore', '-i', 'eth0'])).code).toBe(0);
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
  });

  it('rolls back when nobody confirms in time', async () => {
    await using lab = await createLab({ name: 'late' });
    await configurePlainHost(lab);
    const before = await captureTimed(lab);
    const ended = await runCli(lab, [...MIGRATE, '--confirm-within', '1s']);
    expect(ended.code, ended.stdout + ended.stderr).toBe(4);
    expect(ended.outcome).toMatchObject({
      result: 'rolledBack',
      failedIn: 'confirming',
      failure: { code: 'DEADLINE' },
    });
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
    expect(await lab.vsctl('list-br')).toBe('');
    expect((await runCli(lab, ['status'])).objects).toEqual([]);
  });

  it('rolls back when another process aborts', async () => {
    await using lab = await createLab({ name: 'abort' });
    await configurePlainHost(lab);
    const before = await captureTimed(lab);
    const run = spawnCli(lab, [...MIGRATE, '--confirm-within', '60s']);
    await run.object(({ event }) => event?.type === 'confirm-window');
    const aborted = await runCli(lab, ['abort', '-i', 'eth0']);
    expect([aborted.code, aborted.objects]).toEqual([0, [{ aborted: 'eth0' }]]);
    const ended = await run.ended;
    expect(ended.code, ended.stdout + ended.stderr).toBe(4);
    expect(ended.outcome).toMatchObject({ result: 'rolledBack', failedIn: 'confirming', failure: { code: 'ABORTED' } });
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
    expect(await lab.vsctl('list-br')).toBe('');
  });

  it('confirm and abort say in one line that nothing waits for them, before and after a migration', async () => {
    await using lab = await createLab({ name: 'idle' });
    await configurePlainHost(lab);
    for (const command of ['confirm', 'abort']) {
      expectOneClearLine(await runCli(lab, [command, '-i', 'eth0'], { json: false }));
    }
    expect((await runCli(lab, MIGRATE)).code).toBe(0);
    const after = await captureEverything(lab);
    for (const command of ['confirm', 'abort']) {
      expectOneClearLine(await runCli(lab, [command, '-i', 'eth0'], { json: false }));
    }
    await expectUnchanged(lab, after);
  });
});

function expectOneClearLine({ code, stderr }: CliResult): void {
  expect([2, 3]).toContain(code);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^ovs-uplink: cannot (confirm|abort) \((eth0|lo)\): expected a run/);
}
