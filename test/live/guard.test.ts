import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../src/engine/clock.ts';
import { findGuard } from '../../src/engine/guard/sighting.ts';
import { captureHost, diffImages } from '../lab/host-image.ts';
import { describeLive } from '../lab/live.ts';
import { isBeforeChange } from './failing/chart-states.ts';
import { benchOf, expectNoTraces, type FaultBench } from './failing/fault-bench.ts';
import { runActing, storyOf } from './failing/run-acting.ts';
import { awaitFile } from './guarding/await-file.ts';
import { createGuardBench, type GuardBench } from './guarding/guard-bench.ts';
import { sessionOf, startInTerminal } from './guarding/hang-up.ts';
import { signalGuard } from './guarding/kill-guard.ts';
import { runCli, spawnCli } from './support/cli.ts';
import { sampled } from './support/sampled.ts';

const LIMIT_MS = 120_000;
const MIGRATE = ['migrate', '-i', 'eth0', '-b', 'br-ext'] as const;
const GUARDED = { guard: 'default' } as const;

describeLive('the guard', () => {
  let bench: GuardBench;
  let faults: FaultBench;
  beforeAll(async () => {
    bench = await createGuardBench({ name: 'guard' });
    faults = benchOf(bench.lab, bench.before);
  }, LIMIT_MS);
  afterAll(() => bench[Symbol.asyncDispose](), LIMIT_MS);
  // A case that fails must not make those after it fail, too.
  afterEach(() => bench.reset(), LIMIT_MS);

  /** Ends with the host as before, put back by the guard. */
  const expectPutBack = async (why: string): Promise<void> => {
    await bench.awaitQuiet();
    const { result, problems, log } = await bench.judge();
    expect({ result, problems }).toEqual({ result: 'before', problems: [] });
    expect(log.at(-1)).toMatchObject({ msg: 'took the place of the run', why, result: 'rolledBack' });
  };

  it('is a process of its own session with nothing of ours but /dev/null, and gone when the run is committed or restored', {
    timeout: LIMIT_MS,
  }, async () => {
    const run = spawnCli(bench.lab, [...MIGRATE, '--confirm-within', '60s'], GUARDED);
    await run.state('confirming');
    const pid = await bench.guardPid();
    expect(sessionOf(pid)).toBe(pid);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/');
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Umask:\s+0077$/m);
    expect([0, 1, 2].map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual(Array(3).fill('/dev/null'));
    // What it opened itself has other numbers than what the run has open.
    const inherited = filesOf(pid).filter(file => filesOf(run.pid).includes(file) && file !== '/dev/null');
    expect(inherited).toEqual([]);
    // It was told of the window.
    const dueMs = () => findGuard(bench.lab.stateDir, 'eth0', realClock)?.dueMs ?? 0;
    await awaitFile(bench.lab.stateDir, () => dueMs() > 40_000, LIMIT_MS);
    const [status] = (await runCli(bench.lab, ['status'])).objects;
    expect(status?.status).toMatchObject({ state: 'confirming', live: true, guard: { pid } });
    expect(status?.status?.guard?.dueMs).toBeGreaterThan(30_000);

    await runCli(bench.lab, ['confirm', '-i', 'eth0']);
    const ended = await run.ended;
    expect(ended.outcome).toMatchObject({ result: 'committed', unguarded: null, advice: [] });
    await expectNoTraces(bench.lab, ['lock', 'eth0.journal']);

    const back = await runCli(bench.lab, ['restore', '-i', 'eth0'], GUARDED);
    expect(back.outcome).toMatchObject({ result: 'rolledBack', unguarded: null });
    await expectNoTraces(bench.lab);
    expect(await bench.judge()).toEqual({ result: 'before', problems: [], log: [] });
  });

  it('is gone, too, when the run is refused or rolls back by itself', { timeout: LIMIT_MS }, async () => {
    const rolledBack = await runCli(bench.lab, [...MIGRATE, '--confirm-within', '1ms'], GUARDED);
    expect(rolledBack.outcome).toMatchObject({ result: 'rolledBack', unguarded: null });
    await expectNoTraces(bench.lab);
    const incident = { state: 'preparing.writingJournal', acts: [{ kind: 'stop', signal: 'SIGTERM' } as const] };
    const refused = await runActing(bench.lab, MIGRATE, { incidents: [incident], ...GUARDED });
    expect([3, 4], storyOf(refused)).toContain(refused.code);
    await expectNoTraces(bench.lab);
    expect((await bench.judge()).problems).toEqual([]);
  });

  it.each([
    'preparing.standing.addressingHostPort',
    'cuttingOver.switchingRoutes',
    'verifying.announcing',
    'confirming',
  ])('the run is killed in %s: everything is put back', { timeout: LIMIT_MS }, async state => {
    const confirm = state === 'confirming' ? ['--confirm-within', '60s'] : [];
    const run = spawnCli(bench.lab, [...MIGRATE, ...confirm], GUARDED);
    await run.state(state);
    run.kill('SIGKILL');
    await run.ended;
    await expectPutBack('it died');
  });

  it('the terminal of the run hangs up: the run rolls back by itself and sends the guard away', {
    timeout: LIMIT_MS,
  }, async () => {
    const session = await startInTerminal(bench.lab, [...MIGRATE, '--confirm-within', '60s']);
    await session.state('confirming');
    await session.hangUp();
    await bench.awaitQuiet();
    expect(await bench.judge()).toEqual({ result: 'before', problems: [], log: [] });
  });

  it.each(sampled(['cuttingOver', 'preparing.standing', 'confirming'], 3))(
    'the whole terminal session gets SIGHUP and is killed in %s: the guard lives and puts everything back',
    { timeout: LIMIT_MS },
    async state => {
      const session = await startInTerminal(bench.lab, [...MIGRATE, '--confirm-within', '60s']);
      await session.state(state);
      await session.killSession();
      await expectPutBack('it died');
    },
  );

  it('run and guard are both killed: recover puts everything back', { timeout: LIMIT_MS }, async () => {
    const run = spawnCli(bench.lab, [...MIGRATE, '--confirm-within', '60s'], GUARDED);
    // Then its journal is on disk.
    await run.object(object => object.event?.type === 'confirm-window');
    process.kill(await bench.guardPid(), 'SIGKILL');
    run.kill('SIGKILL');
    await run.ended;
    await bench.awaitQuiet();
    const [status] = (await runCli(bench.lab, ['status'])).objects;
    expect(status?.status).toMatchObject({ state: 'confirming', live: false, guard: null });
    // The window is open again, and nobody confirms.
    const recovering = spawnCli(bench.lab, ['recover'], GUARDED);
    await recovering.state('confirming');
    await runCli(bench.lab, ['abort', '-i', 'eth0']);
    const recovered = await recovering.ended;
    expect(recovered.outcome).toMatchObject({ result: 'rolledBack', unguarded: null });
    await expectNoTraces(bench.lab);
    expect((await bench.judge()).problems).toEqual([]);
  });

  it('a restore that is killed is finished, and so is a recover', { timeout: LIMIT_MS }, async () => {
    expect((await runCli(bench.lab, MIGRATE)).code).toBe(0);
    const restoring = spawnCli(bench.lab, ['restore', '-i', 'eth0'], GUARDED);
    await restoring.state('rollingBack.restoringRoutes');
    restoring.kill('SIGKILL');
    await restoring.ended;
    await expectPutBack('it died');

    const run = spawnCli(bench.lab, MIGRATE);
    await run.state('cuttingOver.switchingRoutes');
    run.kill('SIGKILL');
    await run.ended;
    const recovering = spawnCli(bench.lab, ['recover'], GUARDED);
    await recovering.state('rollingBack.restoringRoutes');
    recovering.kill('SIGKILL');
    await recovering.ended;
    await expectPutBack('it died');
  });

  it('the run hangs: it is killed once its time is over, and everything is put back', {
    timeout: LIMIT_MS,
  }, async () => {
    const run = spawnCli(bench.lab, [...MIGRATE, '--step-timeout', '2s'], GUARDED);
    await run.state('cuttingOver');
    run.kill('SIGSTOP');
    const stoppedAt = performance.now();
    expect((await run.ended).code).toBe(128 + 9);
    // The deadline of the step, and what it may be late.
    expect(performance.now() - stoppedAt).toBeLessThan(6_000);
    await expectPutBack('it hung');
  });

  it.each(
    sampled(['preparing.writingJournal', 'preparing.standing.renamingUplink', 'preparing.standing.makingHostPort'], 2),
  )(
    'the guard is killed in %s: nothing is begun, or all is put back, and the outcome says why',
    {
      timeout: LIMIT_MS,
    },
    async state => {
      const incidents = [{ state, acts: [signalGuard(bench.lab, 'KILL')] }];
      const ended = await runActing(bench.lab, MIGRATE, { incidents, ...GUARDED });
      expect(ended.happened, storyOf(ended)).toBe(true);
      expect(ended.code, storyOf(ended)).toBe(isBeforeChange(ended.outcome?.failedIn ?? '') ? 3 : 4);
      expect(ended.outcome?.failure).toMatchObject({ code: 'GUARD_FAILED', got: 'killed by SIGKILL' });
      await faults.expectAsBefore(ended);
    },
  );

  it.each(sampled(['cuttingOver.switchingRoutes', 'cuttingOver.attachingUplink', 'verifying.comparing'], 3))(
    'the guard is killed in %s: the run goes on, and its outcome says that it was unguarded',
    { timeout: LIMIT_MS },
    async state => {
      const incidents = [{ state, acts: [signalGuard(bench.lab, 'KILL')] }];
      const ended = await runActing(bench.lab, MIGRATE, { incidents, ...GUARDED });
      expect(ended.happened, storyOf(ended)).toBe(true);
      expect(ended.code, storyOf(ended)).toBe(0);
      expect(ended.outcome).toMatchObject({ result: 'committed', unguarded: { code: 'GUARD_FAILED' } });
      expect(ended.outcome?.advice.join()).toContain('who killed the guard');
      await expectNoTraces(bench.lab, ['lock', 'eth0.journal']);
      await faults.expectRestored();
    },
  );

  it('the guard is killed during a restore: the way back goes on', { timeout: LIMIT_MS }, async () => {
    expect((await runCli(bench.lab, MIGRATE)).code).toBe(0);
    const incidents = [{ state: 'rollingBack.restoringRoutes', acts: [signalGuard(bench.lab, 'KILL')] }];
    const ended = await runActing(bench.lab, ['restore', '-i', 'eth0'], { incidents, ...GUARDED });
    expect(ended.code, storyOf(ended)).toBe(0);
    expect(ended.outcome).toMatchObject({ result: 'rolledBack', unguarded: { code: 'GUARD_FAILED' } });
    await faults.expectAsBefore(ended);
  });

  it('the guard hangs: it is killed when it is sent away, and the commit stands', { timeout: LIMIT_MS }, async () => {
    const incidents = [{ state: 'cuttingOver.switchingRoutes', acts: [signalGuard(bench.lab, 'STOP')] }];
    const ended = await runActing(bench.lab, MIGRATE, { incidents, ...GUARDED });
    expect(ended.code, storyOf(ended)).toBe(0);
    expect(ended.outcome).toMatchObject({ result: 'committed', unguarded: null });
    await expectNoTraces(bench.lab, ['lock', 'eth0.journal']);
    await faults.expectRestored();
  });

  it('cannot be armed: refused, and nothing was changed', { timeout: LIMIT_MS }, async () => {
    // A folder has the name of the socket.
    const within = `mkdir -p ${join(bench.lab.stateDir, 'eth0.guard.sock')}; code=0; "$@" || code=$?; rmdir ${join(bench.lab.stateDir, 'eth0.guard.sock')}; exit $code`;
    const ended = await runActing(bench.lab, MIGRATE, { within, ...GUARDED });
    expect(ended.code, storyOf(ended)).toBe(3);
    expect(ended.cause).toContain('GUARD_FAILED');
    expect(ended.cause).toContain('--guard none');
    await faults.expectAsBefore(ended);
    expect((await readdir(bench.lab.stateDir)).filter(file => !/\.flight(\.1)?$/.test(file))).toEqual(['lock']);
    // Nor does that keep a restore from its end.
    expect((await runCli(bench.lab, MIGRATE)).code).toBe(0);
    const back = await runActing(bench.lab, ['restore', '-i', 'eth0'], { within, ...GUARDED });
    expect(back.code, storyOf(back)).toBe(0);
    expect(back.outcome).toMatchObject({ result: 'rolledBack', unguarded: { code: 'GUARD_FAILED' } });
    expect(diffImages(bench.before, await captureHost(bench.lab), { ignoreLinks: ['ovs-netdev'] })).toEqual([]);
  });
});

/** What a process has open, by inode: sockets, pipes and files. */
function filesOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap(fd => {
    try {
      const target = readlinkSync(join(folder, fd));
      return /^(socket|pipe|\/)/.test(target) ? [target] : [];
    } catch {
      return [];
    }
  });
}
