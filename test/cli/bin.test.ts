import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(ROOT, 'bin/ovs-uplink');
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], env: NodeJS.ProcessEnv = { PATH: SYSTEM_PATH }): Promise<Ended> {
  const [program, ...args] = argv;
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const read = async (stream: NodeJS.ReadableStream) => {
    let text = '';
    for await (const chunk of stream) text += chunk;
    return text;
  };
  const [out, err, [code]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'close')]);
  return { code: code as number | null, out, err };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-bin-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('bin/ovs-uplink', () => {
  it('shows its help with any node first in PATH, and nothing on standard error', async () => {
    const { code, out, err } = await run([PROGRAM, '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Exit codes:');
  });

  it('works through symbolic links and from another folder', async () => {
    const [link, second] = [join(folder, 'link'), join(folder, 'a second link')];
    await symlink(PROGRAM, link);
    await symlink('link', second);
    const { code, out } = await run([second, '--version']);
    expect([code, out]).toEqual([0, '0.1.0\n']);
  });

  it.each([
    ['no command', [], 'no command given'],
    ['an unknown command', ['migrat'], 'did you mean migrate?'],
    ['help for an unknown command', ['help', 'recove'], 'did you mean recover?'],
    ['an unknown option', ['migrate', '--confrm-within=5s'], 'did you mean --confirm-within?'],
    ['an unknown common option', ['status', '--jsn'], 'did you mean --json?'],
    ['missing options', ['migrate'], '-i, --interface <name> and -b, --bridge <name>'],
    ['an option without its value', ['restore', '-i'], '-i, --interface <name>'],
    ['an option in the place of a value', ['plan', '-i', '-b', 'br0'], 'was the name forgotten?'],
    ['an option given twice', ['restore', '-i', 'a', '-i', 'b'], 'given twice (--interface)'],
    ['an argument', ['restore', 'eth0'], 'got "eth0"'],
    ['a bad layout', ['plan', '-i', 'a', '-b', 'b', '--layout', 'host_port'], 'did you mean host-port?'],
    ['a bad datapath', ['plan', '-i', 'a', '-b', 'b', '--datapath', 'dpdk'], 'expected system or netdev'],
    ['a bad duration', ['wait-ovs', '--timeout', '30'], 'say 30s for seconds'],
    ['a bad OVSDB address', ['status', '--ovsdb', '/run/db.sock'], 'unix:PATH'],
    ['ssl without certificates', ['status', '--ovsdb', 'ssl:h:6640'], '--private-key, --certificate and --ca-cert'],
    ['a long name', ['restore', '-i', 'enp0s31f6abcdef0'], '16 bytes'],
    ['a name with a slash', ['restore', '-i', 'a/b'], 'without "/"'],
    ['a name with a line end', ['restore', '-i', 'a\nb'], 'got "a\\nb"'],
    ['one name for two things', ['plan', '-i', 'a', '-b', 'a'], 'two names'],
    ['a configuration that is not there', ['status', '-c', '/does/not/exist'], '/does/not/exist'],
  ])('%s: exit 2 and one line that says what is wrong', async (_title, args, expected) => {
    const { code, out, err } = await run([PROGRAM, ...args]);
    expect(err).toContain(expected);
    expect(err).toMatch(/^ovs-uplink: [^\n]+ \(USAGE\)\n$/);
    expect([code, out]).toEqual([2, '']);
  });

  it('with --json a usage error is an object, too', async () => {
    const { code, out } = await run([PROGRAM, '--json', 'status', '--nope']);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ failure: { code: 'USAGE' } });
  });

  it('the command line wins over the configuration file, and the file is checked all the same', async () => {
    const config = join(folder, 'config.yaml');
    await writeFile(config, 'interface: enp0s31f6abcdef0\n');
    const { code, err } = await run([PROGRAM, 'restore', '-i', 'eth0', '-c', config]);
    expect(code).toBe(2);
    expect(err).toContain(`${config}:1:12: interface: interface name too long`);
    await writeFile(config, 'bridge: eth0\n');
    expect((await run([PROGRAM, 'plan', '-i', 'eth0', '-c', config])).err).toContain('two names, got "eth0"');
  });
});

describe('the node that is chosen', () => {
  async function checkout(name: string): Promise<string> {
    const root = join(folder, name);
    await mkdir(join(root, 'src/cli'), { recursive: true });
    await cp(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
    await writeFile(
      join(root, 'src/cli/main.ts'),
      'const name: string = "main";\nconsole.log(name, process.argv.slice(2));\n',
    );
    return root;
  }

  async function fakeNode(name: string, version: string): Promise<string> {
    const bin = join(folder, name);
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'node'), `#!/bin/sh\necho "${version}"\n`);
    await chmod(join(bin, 'node'), 0o755);
    return bin;
  }

  it.each(['v20.20.2', 'v22.17.9', 'v9.99.0', '', 'nonsense'])('%j is too old: one line, exit 2', async version => {
    const root = await checkout('old');
    const bin = await fakeNode('old-node', version);
    const { code, out, err } = await run([join(root, 'bin/ovs-uplink'), 'x'], { PATH: `${bin}:${SYSTEM_PATH}` });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^ovs-uplink: node is too old \(.*\): expected 22\.18 or newer, got [^\n]*\n$/);
  });

  it('without any node: one line, exit 2', async () => {
    const root = await checkout('none');
    const bin = join(folder, 'no-node');
    await mkdir(bin, { recursive: true });
    await symlink('/usr/bin/readlink', join(bin, 'readlink'));
    const { code, err } = await run([join(root, 'bin/ovs-uplink')], { PATH: bin });
    expect(code).toBe(2);
    expect(err).toMatch(/^ovs-uplink: no node found: [^\n]*\n$/);
  });

  it.each(['v22.18.0', 'v24.0.0', 'v100.1.2'])('%s of PATH is taken where the checkout has none', async version => {
    const root = await checkout('new');
    const bin = await fakeNode('new-node', version);
    const { code, out } = await run([join(root, 'bin/ovs-uplink')], { PATH: `${bin}:${SYSTEM_PATH}` });
    expect([code, out]).toEqual([0, `${version}\n`]);
  });

  it('runs the sources of a checkout, and without them what was built', async () => {
    const root = await checkout('built');
    const env = { PATH: `${join(ROOT, 'node_modules/.bin')}:${SYSTEM_PATH}` };
    expect(await run([join(root, 'bin/ovs-uplink'), 'a b'], env)).toEqual({
      code: 0,
      out: "main [ 'a b' ]\n",
      err: '',
    });
    await rm(join(root, 'src'), { recursive: true });
    expect(await run([join(root, 'bin/ovs-uplink')], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('install it again'),
    });
    await mkdir(join(root, 'dist/src/cli'), { recursive: true });
    await writeFile(join(root, 'dist/src/cli/main.js'), 'console.log("built");');
    expect(await run([join(root, 'bin/ovs-uplink')], env)).toEqual({ code: 0, out: 'built\n', err: '' });
  });

  it('tells the program that SIGHUP was ignored at the start, which node itself forgets', async () => {
    const root = await checkout('nohup');
    await writeFile(join(root, 'src/cli/main.ts'), 'console.log(process.env.OVS_UPLINK_NOHUP);\n');
    const env = { PATH: `${join(ROOT, 'node_modules/.bin')}:${SYSTEM_PATH}`, OVS_UPLINK_NOHUP: '1' };
    expect((await run([join(root, 'bin/ovs-uplink')], env)).out).toBe('undefined\n');
    expect((await run(['nohup', join(root, 'bin/ovs-uplink')], env)).out).toBe('1\n');
  });
});

describe('the compile cache', () => {
  it('is never kept where someone else could write: not below $HOME of another, not in /tmp', async () => {
    const home = await mkdtemp(join(folder, 'home-'));
    const { code } = await run([PROGRAM, '--version'], { PATH: SYSTEM_PATH, HOME: home, XDG_CACHE_HOME: home });
    expect(code).toBe(0);
    expect(await readdir(home)).toEqual([]);
  });
});
