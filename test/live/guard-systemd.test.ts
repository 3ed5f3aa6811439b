import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';
import { createBench, expectNoTraces, type FaultBench } from './failing/fault-bench.ts';
import { runActing, storyOf } from './failing/run-acting.ts';
import { createFakeSystemd } from './guarding/fake-systemd.ts';

const LIMIT_MS = 60_000;
const MIGRATE = ['migrate', '-i', 'eth0', '-b', 'br-ext'] as const;

describeLive('--guard systemd', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await createBench({ name: 'gsysd' });
  }, LIMIT_MS);
  afterAll(() => bench[Symbol.asyncDispose](), LIMIT_MS);

  it('without systemd: refused, names the other way, and nothing was changed', { timeout: LIMIT_MS }, async () => {
    const within = 'mount -t tmpfs none /run; exec "$@"';
    const ended = await runActing(bench.lab, MIGRATE, { within, guard: 'systemd' });
    expect(ended.code, storyOf(ended)).toBe(3);
    expect(ended.outcome?.failure).toMatchObject({ code: 'UNSUPPORTED' });
    expect(ended.cause).toContain('--guard process');
    await bench.expectAsBefore(ended);
  });

  it('makes a transient unit in this network namespace, which is gone after the commit', {
    timeout: LIMIT_MS,
  }, async () => {
    const { within, words } = await createFakeSystemd(bench.lab);
    const ended = await runActing(bench.lab, MIGRATE, { within, guard: 'systemd' });
    expect(ended.code, storyOf(ended)).toBe(0);
    expect(ended.outcome).toMatchObject({ result: 'committed', unguarded: null });
    const argv = (await readFile(words, 'utf8')).trimEnd().split('\n');
    expect(argv).toEqual([
      '--collect',
      '--quiet',
      `--unit=ovs-uplink-guard-${ended.outcome?.id}-1`,
      '--property=Type=exec',
      '--property=UMask=0077',
      '--property=WorkingDirectory=/',
      expect.stringMatching(/^--property=NetworkNamespacePath=\/proc\/\d+\/ns\/net$/),
      '--',
      process.execPath,
      expect.stringMatching(/^--disable-warning=/),
      expect.stringMatching(/\/bin\/start\.mjs$/),
      ...['guard', '--interface', 'eth0', '--state-dir', bench.lab.stateDir, '--ovsdb', bench.lab.ovsdbRemote],
    ]);
    await expectNoTraces(bench.lab, ['lock', 'eth0.journal']);
    await bench.expectRestored();
  });
});
