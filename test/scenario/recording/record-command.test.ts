import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run-cli.ts';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { replayRecording } from '../../../src/scenario/recording/replay-recording.ts';
import type { Recording } from '../../../src/scenario/scenario.ts';
import { collectTerminal } from '../../cli/collected-terminal.ts';
import { createSimulatedFlight, DEADLINES, type SimulatedFlight } from './simulated-flight.ts';

describe('record --last', () => {
  it('writes the last run of the flight recorder, for its user only, and not over a file', async () => {
    using flight = createSimulatedFlight();
    await migrate(flight);
    const file = join(flight.stateDir, 'moved.yaml');
    expect(await record(flight, '-o', file, '--last')).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await load(file)).title).toContain(flight.uplink);
    const refused = await record(flight, '-o', file, '--last');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--force');
    expect((await record(flight, '-o', file, '--last', '--anonymize', '--force')).code).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain(flight.uplink);
    expect((await replayRecording(await load(file))).mismatches).toEqual([]);
  });

  it('says which run died when another one put the host back since', async () => {
    using flight = createSimulatedFlight();
    const { outcome } = await flight.run(engine => engine.migrate(requestOf(flight)), {
      oracle: ({ name }) => (name === 'ovs.uplink.attach' ? 'kill-after' : undefined),
    });
    expect(outcome).toBeNull();
    await flight.run(engine => engine.restore({ uplink: flight.uplink, deadlines: DEADLINES }));
    const [recovered, died] = ['recovered', 'died'].map(name => join(flight.stateDir, `${name}.yaml`)) as [
      string,
      string,
    ];
    const told = await record(flight, '-o', recovered, '--last');
    expect(told.out).toContain('--before 1');
    expect((await load(recovered)).header['end']).toBe('rolledBack');
    const before = await record(flight, '-o', died, '--last', '--before', '1', '-i', flight.uplink);
    expect(before.code).toBe(0);
    const { timeline } = await replayRecording(await load(died));
    expect(timeline.at(-1)).toMatchObject({ text: 'ends in cuttingOver.attachingUplink: the process died there' });
  });

  it('says so where nothing was recorded, or what was is of a later version', async () => {
    using flight = createSimulatedFlight();
    const file = join(flight.stateDir, 'none.yaml');
    const none = await record(flight, '-o', file, '--last');
    expect(none.code).toBe(2);
    expect(none.err).toContain('no such run was recorded');
    mkdirSync(flight.stateDir, { recursive: true });
    writeFileSync(
      join(flight.stateDir, 'eth0.flight'),
      '{"run":"a","flight":99,"program":"9.9.9","kernel":"6.1","startedAt":"2030-01-01","machine":"m","input":{}}\n',
    );
    const later = await record(flight, '-o', file, '--last');
    expect(later.code).toBe(2);
    expect(later.err).toContain('9.9.9');
  });
});

describe('record of a command', () => {
  it.each([
    ['a command that makes no run', ['--', 'explore'], 'migrate, restore, recover'],
    ['no command', [], '--last'],
    ['an option that belongs to the other command line', ['--state-dir', '/tmp', '--', 'recover'], '--state-dir'],
    ['--last and a command', ['--last', '--', 'recover'], '--last runs nothing'],
  ])('refuses %s', async (_, args, words) => {
    using flight = createSimulatedFlight();
    const terminal = collectTerminal();
    const code = await runCli(['record', '-o', join(flight.stateDir, 'x.yaml'), ...args], terminal.terminal);
    expect(code).toBe(2);
    expect(terminal.err()).toContain(words);
  });

  it('ends with the exit code of its command, also where no run begins', async () => {
    using flight = createSimulatedFlight();
    const terminal = collectTerminal();
    const inner = ['--', 'recover', '--state-dir', flight.stateDir];
    expect(await runCli(['record', '-o', join(flight.stateDir, 'x.yaml'), ...inner], terminal.terminal)).toBe(0);
    expect(terminal.err()).toContain('no run began');
  });
});

const requestOf = ({ uplink, bridge }: SimulatedFlight) => ({ uplink, bridge, deadlines: DEADLINES });

const migrate = (flight: SimulatedFlight) => flight.run(engine => engine.migrate(requestOf(flight)));

async function record(flight: SimulatedFlight, ...args: readonly string[]) {
  const terminal = collectTerminal();
  const code = await runCli(['record', ...args, '--state-dir', flight.stateDir], terminal.terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

async function load(file: string): Promise<Recording> {
  const [scenario] = await loadScenarios(file);
  if (scenario?.kind !== 'Recording') throw new Error('not a recording');
  return scenario;
}
