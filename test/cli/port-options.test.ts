import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import type { MigrateOptions } from '../../src/engine/engine.ts';
import { collectTerminal } from './collected-terminal.ts';
import { outcome, scriptEngine, scriptedRun } from './scripted-engine.ts';

async function portsOf(argv: readonly string[]): Promise<MigrateOptions['ports']> {
  const { engine, calls } = scriptEngine({ migrate: () => scriptedRun([], outcome({})) });
  const collected = collectTerminal();
  const code = await runCli(['migrate', ...argv], collected.terminal, async () => engine);
  expect(code, collected.err()).toBe(0);
  return (calls[0]!.options as MigrateOptions).ports;
}

const NAMES = ['-i', 'eth0', '-b', 'br0'];

it('VLANs of the ports are handed over, lists of them together', async () => {
  const lists = ['--trunks', '10,20-22', '--trunks', '30'];
  expect(await portsOf([...NAMES, '--tag', '5', '--vlan-mode', 'native-tagged', ...lists])).toEqual({
    uplink: { tag: 5, vlanMode: 'native-tagged', trunks: [10, 20, 21, 22, 30] },
  });
  expect(await portsOf([...NAMES, '--host-port-tag', '7'])).toEqual({ uplink: {}, hostPort: { tag: 7 } });
  expect(await portsOf(NAMES)).toBeUndefined();
});

it('the configuration file has them, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-ports-'));
  try {
    const path = join(folder, 'config.yaml');
    await writeFile(
      path,
      'interface: eth0\nbridge: br0\ntrunks: ["0", 10-12]\ntag: "5"\nhostPortTag: "5"\nvlanMode: native-untagged\n',
    );
    expect(await portsOf(['-c', path])).toEqual({
      uplink: { tag: 5, vlanMode: 'native-untagged', trunks: [0, 10, 11, 12] },
      hostPort: { tag: 5 },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
