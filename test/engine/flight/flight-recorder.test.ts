import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_FLIGHT_BYTES, openFlightFile } from '../../../src/engine/flight/flight-file.ts';
import { createFlightRecorder, type FlightRecorder } from '../../../src/engine/flight/flight-recorder.ts';
import { uplinkError } from '../../../src/errors.ts';
import { createVirtualClock } from '../../../src/host/simulated/virtual-clock.ts';
import { readFlight } from '../../../src/scenario/recording/read-flight.ts';

let folder: string;
let troubles: string[];
let runs = 0;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'flight-')), 'state');
  troubles = [];
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const file = (name = 'eth0.flight'): string => join(folder, name);

function recorder(): FlightRecorder {
  runs += 1;
  return createFlightRecorder({
    sink: openFlightFile(folder, 'eth0'),
    clock: createVirtualClock(),
    key: `run${runs}`,
    onTrouble: reason => troubles.push(reason),
  });
}

describe('the flight recorder', () => {
  it('writes what is for its user only, into a folder that is so, too', () => {
    const flight = recorder();
    flight.begin('uplink-migration', { entry: 'assessing' });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('has everything on file as soon as it was told', () => {
    const flight = recorder();
    flight.begin('uplink-migration', { entry: 'assessing' });
    flight.state('assessing');
    flight.event({ type: 'ABORT', reason: 'enough' } as { readonly type: string });
    const [run] = readFlight(folder, 'eth0');
    expect(run?.head).toMatchObject({ machine: 'uplink-migration', input: { entry: 'assessing' }, program: '0.1.0' });
    expect(run?.entries).toEqual([
      { atMs: 0, state: 'assessing' },
      { atMs: 0, event: { type: 'ABORT', reason: 'enough' } },
    ]);
    expect(run?.end).toBeNull();
    flight.end('refused');
    expect(readFlight(folder, 'eth0')[0]?.end).toBe('refused');
  });

  it('writes a long part once, and gives it back wherever it was', () => {
    const snapshot = { link: { name: 'eth0', altnames: Array.from({ length: 40 }, (_, n) => `alternative${n}`) } };
    const flight = recorder();
    flight.begin('uplink-migration', { snapshot });
    for (const type of ['one', 'two']) flight.event({ type, output: { snapshot } } as { readonly type: string });
    expect(readFileSync(file(), 'utf8').split('alternative39')).toHaveLength(2);
    const [run] = readFlight(folder, 'eth0');
    expect(run?.head.input).toEqual({ snapshot });
    expect(run?.entries.map(entry => 'event' in entry && entry.event['output'])).toEqual([{ snapshot }, { snapshot }]);
  });

  it('keeps an error as a failure with its code, and leaves out the facts about the host', () => {
    const flight = recorder();
    flight.begin('uplink-migration', {});
    const error = uplinkError('OVSDB_TIMEOUT', { what: 'OVSDB does not answer', object: 'br0' });
    flight.event({ type: 'xstate.error.actor.x', error } as { readonly type: string });
    flight.event({
      type: 'xstate.done.actor.x',
      output: { verdict: 'proceed', facts: { mounts: ['filer:/home'] } },
    } as {
      readonly type: string;
    });
    const [run] = readFlight(folder, 'eth0');
    expect(run?.entries).toMatchObject([
      { event: { error: { code: 'OVSDB_TIMEOUT', what: 'OVSDB does not answer', object: 'br0' } } },
      { event: { output: { verdict: 'proceed' } } },
    ]);
    expect(readFileSync(file(), 'utf8')).not.toContain('filer');
  });

  it('cuts lists that are too long, and says so', () => {
    const routes = Array.from({ length: 100_000 }, (_, n) => ({ destination: `10.0.0.0/${n}` }));
    const flight = recorder();
    flight.begin('uplink-migration', { snapshot: { routes } });
    expect(statSync(file()).size).toBeLessThan(20_000);
    const [run] = readFlight(folder, 'eth0');
    expect(run?.isCut).toBe(true);
    expect(run?.head.input).toMatchObject({ snapshot: { routes: expect.arrayContaining([routes[0], routes[50]]) } });
  });

  it('stops where the file is full, and says so once', () => {
    const flight = recorder();
    flight.begin('uplink-migration', {});
    for (let n = 0; n < 3_000; n += 1) {
      flight.event({ type: 'noise', text: `${n} ${'x'.repeat(1_000)}` } as { readonly type: string });
    }
    flight.end('committed');
    expect(statSync(file()).size).toBeLessThan(MAX_FLIGHT_BYTES + 100);
    expect(troubles).toHaveLength(1);
    expect(readFlight(folder, 'eth0')[0]).toMatchObject({ isFull: true, end: null });
  });

  it('begins a new file for a run when the one of before is long, and keeps one of before', () => {
    const long = (size: number): void => {
      const flight = recorder();
      flight.begin('uplink-migration', {});
      for (let n = 0; n < size; n += 1) {
        flight.event({ type: 'noise', text: `${n} ${'x'.repeat(1_000)}` } as { readonly type: string });
      }
      flight.end('committed');
    };
    for (let n = 0; n < 3; n += 1) long(1_100);
    expect(readdirSync(folder).sort()).toEqual(['eth0.flight', 'eth0.flight.1']);
    long(1);
    expect(readFlight(folder, 'eth0').map(({ entries }) => entries.length)).toEqual([1_100, 1]);
  });

  it('tells apart runs that write at a time, and passes over a line that was torn', () => {
    const [one, other] = [recorder(), recorder()];
    one.begin('uplink-migration', {});
    other.begin('uplink-migration', {});
    one.state('assessing');
    other.state('takingOver');
    appendFileSync(file(), '{"run":"run1","ms":3,"sta');
    const next = recorder();
    next.begin('uplink-migration', {});
    next.state('assessing');
    const states = readFlight(folder, 'eth0').map(({ entries }) =>
      entries.map(entry => 'state' in entry && entry.state),
    );
    expect(states).toEqual([['assessing'], ['takingOver'], ['assessing']]);
  });

  it.each([
    ['a symbolic link', () => symlinkSync(join(folder, 'elsewhere'), file())],
    ['a folder', () => mkdirSync(file())],
    ['a folder that others can write to', () => chmodSync(folder, 0o777)],
  ])('never disturbs the run, nor writes to %s', (_, prepare) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    prepare();
    const flight = recorder();
    flight.begin('uplink-migration', {});
    flight.state('assessing');
    flight.end('committed');
    expect(troubles).toHaveLength(1);
    expect(readdirSync(folder)).not.toContain('elsewhere');
  });

  it('is not mixed up with a file of something else', () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file(), 'not JSON\n{"run":"x","ms":1,"state":"y"}\n[1]\nnull\n');
    expect(readFlight(folder, 'eth0')).toEqual([]);
    expect(readFlight(folder, 'eth1')).toEqual([]);
  });
});
