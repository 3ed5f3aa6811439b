import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/run.ts';
import { loadScenarios } from '../../src/scenario/load/load-scenario.ts';
import { replayRecording } from '../../src/scenario/recording/replay-recording.ts';
import type { ScenarioResult } from '../../src/scenario/result.ts';
import type { Recording } from '../../src/scenario/scenario.ts';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost, configureRichHost, RICH_HOST } from '../lab/rich-host.ts';
import { cliArguments } from './failing/run-acting.ts';
import { createKillBench } from './killing/bench.ts';
import { type CliResult, runCli } from './support/cli.ts';

const MIGRATE = ['migrate', '-i', 'eth0', '-b', 'br-ext', '--guard', 'none', '--accept', 'primary-uplink-unprotected'];

describeLive('what happens on a real host, recorded', () => {
  it('is replayed to the same states, with other addresses, too', async () => {
    await using lab = await createLab({ name: 'rec' });
    await configureRichHost(lab);
    const file = join(lab.dir, 'moved.yaml');
    const migrated = await runCli(lab, ['record', '-o', file, '--', ...MIGRATE]);
    expect(migrated.code, words(migrated)).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const replayed = await replay(file);
    expect(replayed.mismatches).toEqual([]);
    expect(statesOf(replayed)).toEqual(statesIn(migrated.events));

    const again = await runCli(lab, ['record', '-o', file, '--', ...MIGRATE]);
    expect(again.code, words(again)).toBe(2);
    expect(again.stderr).toContain('--force');

    // The flight recorder has the same run, for who may read it.
    const hidden = join(lab.dir, 'hidden.yaml');
    const taken = await runCli(lab, ['record', '-o', hidden, '--anonymize', '--last', '-i', 'eth0']);
    expect(taken.code, words(taken)).toBe(0);
    expect((await stat(join(lab.stateDir, 'eth0.flight'))).mode & 0o777).toBe(0o600);
    const [open, secret] = [await readFile(file, 'utf8'), await readFile(hidden, 'utf8')];
    for (const own of [RICH_HOST.ipv4, RICH_HOST.secondIpv4, RICH_HOST.temporaryIpv6].map(
      text => text.split('/')[0]!,
    )) {
      expect(open).toContain(own);
      expect(secret).not.toContain(own);
    }
    expect(secret).not.toMatch(/eth0|br-ext/);
    const anonymous = await replay(hidden);
    expect(anonymous.mismatches).toEqual([]);
    expect(statesOf(anonymous)).toEqual(statesOf(replayed));

    // The way back, and a command line that does not begin.
    const back = await runCli(lab, ['record', '--force', '-o', file, '--', 'restore', '-i', 'eth0', '--guard', 'none']);
    expect(back.code, words(back)).toBe(0);
    expect(statesOf(await replay(file))).toEqual(statesIn(back.events));
    const none = await runCli(lab, ['record', '-o', join(lab.dir, 'none.yaml'), '--', 'migrate', '-i', 'eth0']);
    expect(none.code, words(none)).toBe(2);
    expect(await readdir(lab.dir)).not.toContain('none.yaml');
  }, 120_000);

  it('is there up to the instant at which the process was killed', async () => {
    await using bench = await createKillBench('reckill', { probes: [], accept: ['primary-uplink-unprotected'] });
    const { lab } = bench;
    for (const state of ['preparing.standing.addressingHostPort', 'cuttingOver.switchingRoutes']) {
      await bench.dieMigrating(`state ${state}`);
      const file = join(lab.dir, `${state}.yaml`);
      const taken = await runCli(lab, ['record', '-o', file, '--anonymize', '--last']);
      expect(taken.code, words(taken)).toBe(0);
      const replayed = await replay(file);
      expect(replayed.mismatches).toEqual([]);
      expect(replayed.timeline.at(-1)).toMatchObject({ text: `ends in ${state}: the process died there` });

      // The process that puts the host back is the last one now; the one that died is before it.
      await bench.recover();
      const [recovered, died] = [join(lab.dir, 'recovered.yaml'), join(lab.dir, 'died.yaml')];
      await runCli(lab, ['record', '--force', '-o', recovered, '--last']);
      await runCli(lab, ['record', '--force', '-o', died, '--last', '--before', '1']);
      expect((await replay(recovered)).timeline.at(-1)).toMatchObject({ text: 'ended rolledBack' });
      expect(statesOf(await replay(died))).toEqual(statesOf(replayed));
    }
  }, 120_000);

  it('is not missed where the state folder cannot take it, and leaves the room that there is to the journal', async () => {
    await using lab = await createLab({ name: 'recfull' });
    await configurePlainHost(lab);
    const small = `mount -t tmpfs -o size=2m,mode=0700 tmpfs ${lab.stateDir}; "$@"; ls -l ${lab.stateDir} >&2`;
    const argv = [...cliArguments(lab, ['migrate', '-i', 'eth7', '-b', 'br-ext'])];
    const tight = await lab.run(lab.hostNs, ['unshare', '--mount', 'sh', '-c', small, 'sh', ...argv]);
    expect(tight.stdout).toContain('uplink-missing');
    expect(tight.stderr.match(/bytes are free.*the flight recorder stops/g)).toHaveLength(1);
    expect(tight.stderr).not.toMatch(/eth7\.flight$/m);
    // Nothing can be appended to a folder.
    await lab.run(lab.hostNs, ['mkdir', '-p', join(lab.stateDir, 'eth0.flight')]);
    const file = join(lab.dir, 'moved.yaml');
    const result = await runCli(lab, ['record', '-o', file, '--', ...MIGRATE]);
    expect(result.code, words(result)).toBe(0);
    expect(statesOf(await replay(file))).toEqual(statesIn(result.events));
    const without = await runCli(lab, ['restore', '-i', 'eth0']);
    expect(without.code, words(without)).toBe(0);
    expect(without.stderr.match(/the flight recorder stops/g)).toHaveLength(1);
  }, 60_000);
});

async function replay(file: string): Promise<ScenarioResult> {
  const [scenario] = await loadScenarios(file);
  expect(scenario?.kind).toBe('Recording');
  return await replayRecording(scenario as Recording);
}

function statesOf({ timeline }: ScenarioResult): readonly string[] {
  return timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : []));
}

function statesIn(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap(event => (event.type === 'state' ? [event.state] : []));
}

function words({ stdout, stderr }: CliResult): string {
  return `${stdout.slice(-3000)}\n${stderr}`;
}
