import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../lab/command.ts';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { call, confOf } from './cni/plugin.ts';
import { makeNic } from './moving/nic.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// What a clone has; node_modules is linked, and what a build left is not taken along.
const SOURCES = ['bin', 'machines', 'scripts', 'src', 'test/lab', 'NOTICE', 'LICENSE', 'README.md', 'package.json'];
const CONFIGURATION = ['tsconfig.json', 'tsconfig.build.json'];
const NODE_BIN = dirname(process.execPath);

describeLive('the package as others get it', () => {
  let dir = '';
  let consumer = '';

  // `npm pack` builds it; unpacking the tarball is what `npm install` does with it, without asking a registry for the rest.
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ovs-uplink-pack-'));
    const clone = join(dir, 'clone');
    for (const path of [...SOURCES, ...CONFIGURATION]) {
      await cp(join(ROOT, path), join(clone, path), { recursive: true });
    }
    const modules = join(ROOT, 'node_modules');
    await symlink(modules, join(clone, 'node_modules'));
    const env = { PATH: `${join(modules, '.bin')}:${process.env.PATH}`, npm_config_update_notifier: 'false' };
    const { stdout } = await runCommand(
      ['sh', '-c', `cd ${clone} && npm pack --silent --offline --pack-destination ..`],
      {
        check: true,
        env,
        timeoutMs: 120_000,
      },
    );
    consumer = join(dir, 'consumer');
    const installed = join(consumer, 'node_modules', 'ovs-uplink');
    await mkdir(installed, { recursive: true });
    const tarball = join(dir, stdout.trim().split('\n').at(-1)!);
    await runCommand(['tar', '-xzf', tarball, '-C', installed, '--strip-components=1'], { check: true });
    const { dependencies } = await readJson<{ dependencies: Record<string, string> }>(join(ROOT, 'package.json'));
    for (const name of await withTransitive(modules, Object.keys(dependencies))) {
      const link = join(consumer, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(modules, name), link);
    }
    await writeFile(join(consumer, 'package.json'), '{ "name": "consumer", "type": "module", "private": true }');
  }, 180_000);

  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('the example of src/index.ts migrates and restores a real host', async () => {
    const example = exampleOf(await readFile(join(ROOT, 'src/index.ts'), 'utf8'));
    await writeFile(join(consumer, 'example.ts'), example);
    await using lab = await createLab({ name: 'lib' });
    await configurePlainHost(lab);
    const before = await captureTimed(lab);
    const result = await lab.run(lab.hostNs, [process.execPath, join(consumer, 'example.ts')], {
      env: { OVSDB: lab.ovsdbRemote, STATE_DIR: lab.stateDir },
    });
    expect(result.code, result.stdout + result.stderr).toBe(0);
    const lines = result.stdout
      .trim()
      .split('\n')
      .map(line => line.trim());
    expect(lines.slice(-2)).toEqual(['committed', 'rolledBack']);
    expect(lines.filter(line => /^[\d.]+ ms cuttingOver\.attachingUplink$/.test(line))).toHaveLength(1);
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
    expect(await readdir(lab.stateDir)).not.toContain('eth0.json');
  });

  it('the example and the sub-path exports pass a strict type check against the packed declarations', async () => {
    await writeFile(join(consumer, 'example.ts'), exampleOf(await readFile(join(ROOT, 'src/index.ts'), 'utf8')));
    await writeFile(join(consumer, 'sub-paths.ts'), SUB_PATHS);
    const config = {
      compilerOptions: { ...STRICT, typeRoots: [join(ROOT, 'node_modules/@types')] },
      include: ['*.ts'],
    };
    await writeFile(join(consumer, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const env = { PATH: `${NODE_BIN}:${process.env.PATH}` };
    const checked = await runCommand([tsc, '-p', consumer], { env, timeoutMs: 60_000 });
    expect([checked.code, checked.stdout]).toEqual([0, '']);
  });

  it('ovs-uplink/ovsdb and ovs-uplink/netlink work on their own', async () => {
    await writeFile(join(consumer, 'sub-paths.ts'), SUB_PATHS);
    await using lab = await createLab({ name: 'sub' });
    const argv = [process.execPath, join(consumer, 'sub-paths.ts'), lab.ovsdbRemote];
    const result = await lab.run(lab.hostNs, argv);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    const said = JSON.parse(result.stdout) as { links: string[]; database: string };
    const shown = JSON.parse(await lab.hostIp('-j', 'link', 'show')) as { ifname: string }[];
    expect(said.links.toSorted()).toEqual(shown.map(link => link.ifname).toSorted());
    expect(said.database).toBe('Open_vSwitch');
  });

  it('the packed command line runs, and what is not exported cannot be imported', async () => {
    const bin = join(consumer, 'node_modules/ovs-uplink/bin/ovs-uplink');
    const env = { PATH: `${NODE_BIN}:${process.env.PATH}` };
    const { version } = await readJson<{ version: string }>(join(ROOT, 'package.json'));
    const shown = await runCommand([bin, '--version'], { env });
    expect([shown.code, shown.stdout.trim()], shown.stderr).toEqual([0, version]);
    const code = "await import('ovs-uplink/dist/src/index.js')";
    await writeFile(join(consumer, 'inside.ts'), code);
    const inside = await runCommand([process.execPath, join(consumer, 'inside.ts')]);
    expect(inside.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('the packed command line exports charts, and serves the viewer that was built with it', async () => {
    const bin = join(consumer, 'node_modules/ovs-uplink/bin/ovs-uplink');
    const env = { ...process.env, PATH: `${NODE_BIN}:${process.env['PATH']}` };
    const exported = await runCommand([bin, 'export', 'altname-guard', '--format', 'svg'], { env });
    expect([exported.code, exported.stdout.slice(0, 4)], exported.stderr).toEqual([0, '<svg']);
    const argv = ['inspect', '--json', '--port', '0', '--state-dir', dir, '--ovsdb', `unix:${dir}/none.sock`];
    const child = spawn(bin, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      const { url } = (JSON.parse(line) as { readonly inspect: { readonly url: string } }).inspect;
      const first = await fetch(url, { redirect: 'manual' });
      const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
      const page = await (await fetch(new URL('/', url), { headers: { cookie } })).text();
      expect(page).toContain('<div id="app">');
      expect(page.length).toBeGreaterThan(50_000);
      expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org|127\.0\.0\.1)[a-z.]+\/[\w/.-]*\.(js|css|woff2?)/);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  });

  it('the packed CNI plugin moves a link and brings it home, by a link to it from a folder of plugins', async () => {
    await using lab = await createLab({ name: 'pcni' });
    const program = join(lab.dir, 'ovs-uplink-host-device');
    await symlink(join(consumer, 'node_modules/ovs-uplink/bin/ovs-uplink-host-device'), program);
    await using nic = await makeNic(lab);
    for (const command of ['ADD', 'DEL']) {
      const more = { PATH: `${NODE_BIN}:${process.env.PATH}` };
      const { code, text, stderr } = await call(lab, command, confOf(lab), more, program);
      expect({ command, code, stderr }, text).toEqual({ command, code: 0, stderr: '' });
    }
    expect(await nic.changes()).toEqual([]);
  });
});

const STRICT = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  module: 'nodenext',
  strict: true,
  noEmit: true,
  types: ['node'],
};

const SUB_PATHS = `
import { openNetlink } from 'ovs-uplink/netlink';
import { createOvsdbClient } from 'ovs-uplink/ovsdb';

await using netlink = await openNetlink();
const links = (await netlink.links()).map(link => link.name);
await using client = createOvsdbClient({ remotes: process.argv[2] ?? '' });
await client.connect();
const name = client.schema?.name;
console.log(JSON.stringify({ links, database: name }));
`;

/** The code of the \`@example\` block. */
function exampleOf(source: string): string {
  const block = /@example\n \* ```ts\n([\s\S]*?)\n \* ```/.exec(source)?.[1];
  expect(block, 'src/index.ts has an @example block').toBeDefined();
  return `${block!.replace(/^ \* ?/gm, '')}\n`;
}

/** Packages with all that they depend on, as far as it is installed. */
async function withTransitive(modules: string, names: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (name: string): Promise<void> => {
    if (found.has(name)) return;
    const manifest = await readJson<{ dependencies?: Record<string, string>; optionalDependencies?: object }>(
      join(modules, name, 'package.json'),
    ).catch(() => undefined);
    if (manifest === undefined) return;
    found.add(name);
    for (const each of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) await visit(each);
  };
  for (const name of names) await visit(name);
  return [...found];
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}
