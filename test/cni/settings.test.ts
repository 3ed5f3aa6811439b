import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, createBench, NETNS, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

const COMMANDS = ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS'];

function confFor(command: string, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const prevResult = { interfaces: [{ name: 'net1', sandbox: NETNS }] };
  return netConf({
    ...more,
    ...(command === 'CHECK' ? { prevResult } : {}),
    ...(command === 'GC' ? { 'cni.dev/valid-attachments': [] } : {}),
  });
}

describe('where the engine finds what it needs', () => {
  it.each(COMMANDS)('is for %s where the configuration says', async command => {
    await bench.run(command, confFor(command, { stateDir: '/run/moves', ovsdb: 'unix:/run/other.sock' }));
    expect(bench.mover.settings).toMatchObject({ stateDir: '/run/moves', ovsdb: 'unix:/run/other.sock' });
  });

  it.each([
    [{ stateDir: 'moves' }, 'stateDir'],
    [{ stateDir: 7 }, 'stateDir'],
    [{ ovsdb: ['unix:/run/other.sock'] }, 'ovsdb'],
  ])('is refused as %j', async (wrong, field) => {
    for (const command of COMMANDS) {
      const { json } = await bench.run(command, confFor(command, wrong));
      expect(json).toMatchObject({ code: 7, msg: expect.stringContaining(field) });
    }
    expect(bench.mover.calls).toEqual([]);
  });
});

describe('what runs that died have left', () => {
  it.each([
    ['ADD', true],
    ['DEL', true],
    ['GC', true],
    ['CHECK', false],
    ['STATUS', false],
  ])('%s brings it home first: %s', async (command, isBrought) => {
    await bench.run(command, confFor(command, {}));
    expect(bench.mover.calls.slice(0, 1)).toEqual(isBrought ? ['recover'] : []);
  });
});
