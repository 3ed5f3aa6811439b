import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import type { MigrateOptions } from '../../src/engine/engine.ts';
import { collectTerminal } from './collected-terminal.ts';
import { outcome, scriptEngine, scriptedRun } from './scripted-engine.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-options-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What the engine is asked for by `migrate` with these arguments; the error where it is not asked. */
async function asked(...more: string[]) {
  const { engine, calls } = scriptEngine({ migrate: () => scriptedRun([], outcome({})) });
  const terminal = collectTerminal({});
  const code = await runCli(['migrate', '-i', 'eth0', '-b', 'br0', ...more], terminal.terminal, async () => engine);
  return { code, err: terminal.err(), options: calls[0]?.options as MigrateOptions | undefined };
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const eth0 = { by: 'name', glob: 'eth0' };
const anyBond = { by: 'kind', glob: 'bond' };

describe('lists of links', () => {
  it('of the command line stand beside those of the configuration file, and do not replace them', async () => {
    const config = await file('links.yaml', 'links: { protect: eth0, allow: [kind:bond] }');
    const { options } = await asked('-c', config, '--protect-link', 'kind:bond', '--protect-link', 'eth0');
    expect(options?.links).toEqual([
      { from: config, protect: [eth0], allow: [anyBond] },
      { from: 'the command line', protect: [anyBond, eth0], allow: null },
    ]);
    expect((await asked('--allow-link', 'eth0')).options?.links).toMatchObject([{ protect: [], allow: [eth0] }]);
    expect((await asked()).options?.links).toBeUndefined();
  });

  it('with a form that does not exist ends with 2 and what was probably meant', async () => {
    const { code, err, options } = await asked('--protect-link', 'knd:bond');
    expect([code, options]).toEqual([2, undefined]);
    expect(err).toContain('--protect-link');
    expect(err).toContain('did you mean kind:bond?');
  });
});

describe('the API server', () => {
  it('is the one of --api-server, before that of a kubeconfig', async () => {
    const none = join(folder, 'none');
    const { options } = await asked('--api-server', 'https://10.96.0.1:443', '--kubeconfig', none);
    expect(options?.apiServer).toEqual({
      host: '10.96.0.1',
      port: 443,
      addresses: ['10.96.0.1'],
      from: '--api-server',
    });
  });

  it('is the one of a kubeconfig, which is named', async () => {
    const config = await file('kubeconfig', 'clusters: [ { name: c, cluster: { server: "https://[2001:DB8::1]" } } ]');
    expect((await asked('--kubeconfig', config)).options?.apiServer).toEqual({
      host: '2001:db8::1',
      port: 443,
      addresses: ['2001:db8::1'],
      from: `the kubeconfig ${config}`,
    });
  });

  it('of a kubeconfig that cannot be read ends with 2 before anything is asked', async () => {
    const { code, err, options } = await asked('--kubeconfig', join(folder, 'none'));
    expect([code, options]).toEqual([2, undefined]);
    expect(err).toContain('cannot read kubeconfig');
  });
});

it('--clear-flow-restore-wait is handed on only where it was given', async () => {
  expect((await asked('--clear-flow-restore-wait')).options?.clearFlowRestoreWait).toBe(true);
  const config = await file('ours.yaml', 'clearFlowRestoreWait: true');
  expect((await asked('-c', config)).options?.clearFlowRestoreWait).toBe(true);
  expect((await asked('-c', config, '--no-clear-flow-restore-wait')).options?.clearFlowRestoreWait).toBe(false);
  expect((await asked()).options).not.toHaveProperty('clearFlowRestoreWait');
});
