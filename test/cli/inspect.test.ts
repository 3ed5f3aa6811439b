import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { ask, openViewer, tryUpgrade } from '../inspect/bridge/clients.ts';
import { collectTerminal } from './collected-terminal.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/ovs-uplink', import.meta.url));
const SCENARIO = 'fixtures/scenarios/rollback/silent-after-takes-everything-back.yaml';
const RECORDING = 'fixtures/recordings/moves-a-host-with-everything.yaml';

async function run(argv: readonly string[], options: { readonly json?: boolean } = {}) {
  const collected = collectTerminal(options);
  const code = await runCli(['inspect', ...argv], collected.terminal, () => Promise.reject(new Error('no engine')));
  return { code, out: collected.out(), err: collected.err(), objects: collected.objects };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-inspect-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('inspect ends with 2', () => {
  it('where --recording gets a scenario, and says --scenario', async () => {
    const { code, out, err } = await run(['--recording', SCENARIO]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/use --scenario \S*silent-after-takes-everything-back.yaml/);
  });

  it('where the file is not there, naming it', async () => {
    const file = join(folder, 'none.yaml');
    for (const option of ['--recording', '--scenario']) {
      const { code, err } = await run([option, file]);
      expect([code, err]).toEqual([2, expect.stringContaining(file)]);
    }
  });

  it('where the file is no scenario, naming the place', async () => {
    const file = join(folder, 'bad.yaml');
    await writeFile(file, 'kind: Nothing\n');
    const { code, err } = await run(['--scenario', file]);
    expect([code, err]).toEqual([2, expect.stringContaining(`${file}:1:`)]);
  });

  it.each([
    [['--recording', RECORDING, '--scenario', SCENARIO], '--recording --scenario'],
    [['--live', '--scenario', SCENARIO], '--live --scenario'],
  ])('where two sources are given: %j', async (argv, named) => {
    const { code, err } = await run(argv);
    expect([code, err]).toEqual([2, expect.stringContaining(named)]);
  });

  it('where the port is taken, naming it, and says --port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, out, err } = await run(['--scenario', SCENARIO, '--port', String(port)]);
    other.close();
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`127.0.0.1:${port}`);
    expect(err).toContain('--port');
  });

  it.each(['nothing', 'file:///etc/passwd', 'javascript:alert(1)', 'stately.ai/inspect'])(
    'where --stately is no page: %s',
    async url => {
      const { code, err } = await run(['--scenario', SCENARIO, '--stately', url]);
      expect([code, err]).toEqual([2, expect.stringContaining(url)]);
    },
  );

  it.each(['70000', '-1', 'http'])('where --port is none: %s', async port => {
    expect((await run(['--scenario', SCENARIO, `--port=${port}`])).code).toBe(2);
  });
});

/** The program, until its first line on standard output. */
async function start(...argv: readonly string[]) {
  const child = spawn(PROGRAM, ['inspect', '--port', '0', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const closed = once(child, 'close');
  const [first] = (await Promise.race([once(createInterface(child.stdout), 'line'), closed])) as [string];
  return {
    first,
    async end(signal: NodeJS.Signals) {
      child.kill(signal);
      const [code, by] = await closed;
      return { code, by, err };
    },
  };
}

describe('inspect serves', () => {
  it.each([
    ['--scenario', SCENARIO, 'SIGINT'],
    ['--recording', RECORDING, 'SIGTERM'],
  ] as const)('%s %s to who has the token, and ends with 0 at %s', async (option, file, signal) => {
    const program = await start('--json', option, file);
    const { inspect } = JSON.parse(program.first);
    expect(Object.keys(inspect).sort()).toEqual(['publishUrl', 'receiverUrl', 'statelyUrl', 'url']);
    const url = new URL(inspect.url);
    expect(url.hostname).toBe('127.0.0.1');
    const port = Number(url.port);
    const token = url.searchParams.get('token')!;
    expect((await ask(port, '/')).status).toBe(401);
    expect((await ask(port, `/?token=${'x'.repeat(token.length)}`)).status).toBe(401);
    expect(await tryUpgrade(`ws://127.0.0.1:${port}/feed`)).toMatch(/^401 /);
    const viewer = await openViewer(`ws://127.0.0.1:${port}/feed?token=${token}`);
    await viewer.until(message => message.type === '@ovs-uplink.note' && message.kind === 'end');
    expect(viewer.messages.find(({ type }) => type === '@ovs-uplink.source')).toBeDefined();
    expect(await program.end(signal)).toEqual({ code: 0, by: null, err: '' });
    expect(await viewer.closed).toBe(1001);
  });

  it('what is live, also where nothing ran yet and Open vSwitch is not to be reached', async () => {
    const stateDir = join(folder, 'not-there');
    const program = await start('--state-dir', stateDir, '--ovsdb', `unix:${folder}/none.sock`);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(program.first)?.[1]);
    const token = /token=([\w-]+)/.exec(program.first)?.[1];
    const viewer = await openViewer(`ws://127.0.0.1:${port}/feed?token=${token}`);
    await viewer.until(message => message.type === '@ovs-uplink.host');
    expect(viewer.messages[0]).toMatchObject({
      type: '@ovs-uplink.source',
      title: `runs of ${stateDir}`,
      isLive: true,
    });
    expect(await program.end('SIGINT')).toEqual({ code: 0, by: null, err: '' });
  });
});
