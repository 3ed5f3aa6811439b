import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/cli/config/load-config.ts';
import { MAX_CONFIG_BYTES } from '../../../src/cli/config/read-config-text.ts';
import { catchUsage } from '../catch-usage.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(content: string | Uint8Array): Promise<string> {
  const path = join(folder, 'config.yaml');
  await writeFile(path, content);
  return path;
}

async function errorOf(content: string | Uint8Array): Promise<string> {
  const path = await write(content);
  return (await catchUsage(() => loadConfig(path))).message.replace(path, 'FILE');
}

describe('configuration file', () => {
  it('takes every setting under the name of its option, read as on the command line', async () => {
    const path = await write(`
# a comment
ovsdb: "tcp:[::1]:6640,unix:/run/db.sock"
unixctl: /run/ctl
stateDir: /var/lib/x
logLevel: debug
json: true
interface: eth0
bridge: br-ex
layout: bridge-port
datapath: netdev
probe: [gateway, "tcp:h:1"]
confirmWithin: 2m
stepTimeout: 500ms
gateTimeout: 60s
useExistingBridge: true
accept: bridge-not-ours
timeout: 1s
`);
    expect(await loadConfig(path)).toEqual({
      ovsdb: 'tcp:[::1]:6640,unix:/run/db.sock',
      unixctl: '/run/ctl',
      stateDir: '/var/lib/x',
      logLevel: 'debug',
      json: true,
      interface: 'eth0',
      bridge: 'br-ex',
      layout: 'bridge-port',
      datapath: 'netdev',
      probe: [{ kind: 'gateway' }, { kind: 'tcp', host: 'h', port: 1 }],
      confirmWithin: 120_000,
      stepTimeout: 500,
      gateTimeout: 60_000,
      useExistingBridge: true,
      accept: ['bridge-not-ours'],
      timeout: 1000,
    });
  });

  it('takes the two lists of links under one key, and says where they stand', async () => {
    const path = await write('links: { protect: [eth0, "mac:aa:bb:*"], allow: kind:bond }');
    expect(await loadConfig(path)).toEqual({
      links: {
        from: path,
        protect: [
          { by: 'name', glob: 'eth0' },
          { by: 'mac', glob: 'aa:bb:*' },
        ],
        allow: [{ by: 'kind', glob: 'bond' }],
      },
    });
    expect((await loadConfig(await write('links: { allow: [] }'))).links).toMatchObject({ protect: [], allow: [] });
    expect((await loadConfig(await write('links: {}'))).links).toMatchObject({ protect: [], allow: null });
  });

  it('an empty file configures nothing', async () => {
    expect(await loadConfig(await write('# nothing\n'))).toEqual({});
  });

  it.each([
    [
      'an unknown key with its near miss',
      'interface: eth0\n\nbridg: br0\n',
      /^FILE:3:1: unknown key: got "bridg"; did you mean bridge\?/,
    ],
    ['a key in another case', 'Interface: eth0', /^FILE:1:1: .*did you mean interface\?/],
    [
      'an unknown list of links',
      'links:\n  protct: [eth0]',
      /^FILE:2:3: unknown key: got "protct"; did you mean protect\?/,
    ],
    [
      'an unknown form of link pattern',
      'links:\n  protect: [eth0, knd:bond]',
      /^FILE:2:19: links\.protect\.1: unknown form of link pattern: .*did you mean kind:bond\?/,
    ],
    ['a list of links outside of its key', 'protectLink: [eth0]', /^FILE:1:1: unknown key/],
    ['the first of several problems', 'layout: x\nnope: 1\ntimeout: 1', /^FILE:1:9: layout: unknown layout/],
    ['an unknown word with its near miss', 'layout: host_port', /^FILE:1:9: .*did you mean host-port\?/],
    ['a number without a unit', 'confirmWithin: 60', /^FILE:1:16: confirmWithin: .*got "60"/],
    ['a bad duration', 'confirmWithin: 60x', /^FILE:1:16: .*500ms, 60s or 2m, got "60x"/],
    ['a bad item of a list', 'probe:\n  - gateway\n  - tcp:h:99999\n', /^FILE:3:5: probe\.1: .*got "tcp:h:99999"/],
    ['an item of another kind', 'accept: [a, {b: c}]', /^FILE:1:13: accept\.1: .*keys and values/],
    ['a bad OVSDB address', 'ovsdb: /run/db.sock', /^FILE:1:8: ovsdb: .*unix:PATH/],
    ['a text for a switch', 'json: "yes"', /^FILE:1:7: json: .*true or false/],
    ['YAML 1.1 booleans', 'useExistingBridge: on', /^FILE:1:20: .*true or false/],
    ['null', 'interface: null', /^FILE:1:12: interface: /],
    [
      'a list at the top',
      '- a\n- b\n',
      /^FILE:1:1: wrong kind of configuration: expected keys and values, got "a list"/,
    ],
    ['a plain text', 'hello', /^FILE:1:1: /],
    ['duplicate keys', 'interface: a\ninterface: b\n', /^FILE:2:1: broken YAML: expected every key once/],
    ['a tab as indentation', 'probe:\n\t- gateway\n', /^FILE:2:1: broken YAML: expected spaces/],
    ['a custom tag', 'interface: !host eth0', /^FILE:1:12: broken YAML: expected plain values without tags/],
    ['a tag of the YAML repository', 'interface: !!binary eth0', /^FILE:1:12: broken YAML: .*tags/],
    ['merge keys', '<<: {interface: eth0}', /^FILE:1:1: unknown key/],
    ['__proto__', '__proto__: {json: true}', /^FILE:1:1: unknown key: .*__proto__/],
    ['keys that are no text', '[a]: b', /^FILE:1:1: broken YAML/],
    ['a second document', 'json: true\n---\njson: true\n', /^FILE:2:1: broken YAML: expected one document/],
    ['an open quote', 'interface: "eth0\n', /^FILE:2:1: broken YAML/],
    ['an alias of itself', 'accept: &x [*x]', /^FILE:1:13: accept\.0: /],
    ['an alias of nothing', 'interface: *x', /^FILE:1:12: aliases are not usable: .*each after its anchor/],
  ])('says where it stands: %s', async (_title, text, expected) => {
    const message = await errorOf(text);
    expect(message).toMatch(expected);
    expect(message).not.toContain('\n');
  });

  it('a bomb of anchors is refused before it unfolds', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `k${i}: &k${i} [${`*k${i - 1},`.repeat(9)}]`).slice(1);
    expect(await errorOf(['k0: &k0 [x,x]', ...levels].join('\n'))).toMatch(
      /^FILE:\d:\d+: aliases are not usable: expected at most 16/,
    );
  });

  it('a few nested anchors that unfold to many values are refused, too', async () => {
    const message = await errorOf('a: &a [x,x,x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c]');
    expect(message).toContain('aliases are not usable');
  });

  it.each([
    ['lists', '['],
    ['maps', '{a: '],
  ])('%s nested without end are refused', async (_title, opening) => {
    expect(await errorOf(opening.repeat(20_000))).toContain('broken YAML');
  });

  it('binary data and control characters are refused', async () => {
    expect(await errorOf(new Uint8Array([0xff, 0xfe, 0, 1]))).toContain('YAML in UTF-8');
    expect(await errorOf('interface: eth0\nbridge: b\x07r\n')).toContain('FILE:2:10');
    expect(await errorOf('\0\0\0')).toContain('U+0000');
  });

  it('characters beyond the Basic Multilingual Plane are text', async () => {
    expect(await loadConfig(await write('# 🙂\njson: true'))).toEqual({ json: true });
  });

  it('a file of 100 MB is refused without reading it', async () => {
    const path = await write('');
    await truncate(path, 100 << 20);
    const before = process.memoryUsage().arrayBuffers;
    expect((await catchUsage(() => loadConfig(path))).message).toContain(`at most ${MAX_CONFIG_BYTES} bytes`);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
  });

  it('a file of exactly 1 MiB is read, one byte more is not', async () => {
    const line = 'json: true\n#';
    expect(await loadConfig(await write(line.padEnd(MAX_CONFIG_BYTES, '-')))).toEqual({ json: true });
    expect(await errorOf(line.padEnd(MAX_CONFIG_BYTES + 1, '-'))).toContain('too large');
  });

  it('only regular files are read: no folder, FIFO or device; a symbolic link to a file is one', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    for (const path of [folder, fifo, '/dev/zero', '/dev/tty']) await catchUsage(() => loadConfig(path));
    const link = join(folder, 'link');
    await symlink(await write('json: true'), link);
    expect(await loadConfig(link)).toEqual({ json: true });
  });

  it('a file that is not there is named', async () => {
    const path = join(folder, 'absent.yaml');
    expect((await catchUsage(() => loadConfig(path))).message).toContain(path);
  });
});
