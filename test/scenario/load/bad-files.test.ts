import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalOf } from './refusal-of.ts';

const HEAD = 'apiVersion: ovs-uplink/v1\nkind: HostScenario\nname: x\ntitle: x\nhost: plain\n';
const RUNS = 'runs: [{ migrate: { layout: host-port } }]\n';

describe('a file that is no scenario', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scenario-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const refusalOfContents = async (contents: string | Uint8Array): Promise<string> => {
    writeFileSync(join(folder, 'x.yaml'), contents);
    return (await refusalOf(join(folder, 'x.yaml'))).replaceAll(folder, '');
  };

  it.each<[string, string | Uint8Array, string]>([
    [
      'a huge one',
      `${HEAD}${RUNS}#${'x'.repeat(300_000)}`,
      '/x.yaml:1:1: too large: expected at most 262144 bytes, got 300118 bytes',
    ],
    [
      'a recording beyond every bound',
      `kind: Recording\n#${'x'.repeat(9_000_000)}`,
      '/x.yaml:1:1: too large: expected at most 8388608 bytes, got 9000017 bytes',
    ],
    ['a zero byte', `${HEAD}title\0: x`, '/x.yaml:6:6: not a text: expected YAML in UTF-8, got U+0000'],
    [
      'a binary one',
      Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0xff, 0xfe),
      '/x.yaml:1:1: not a text: expected YAML in UTF-8, got other bytes',
    ],
    [
      'another encoding',
      Buffer.from('apiVersion: ovs-uplink/v1\ntitle: f\u00fcr', 'latin1'),
      '/x.yaml:2:9: not a text: expected YAML in UTF-8, got other bytes',
    ],
    [
      'lists nested without end',
      `${HEAD}${RUNS}expect: { host: ${'['.repeat(100_000)}`,
      '/x.yaml:7:55: nested too deeply: expected at most 40 levels',
    ],
    [
      'maps nested without end',
      `${HEAD}${RUNS}expect:\n  host: ${'? '.repeat(50_000)}`,
      '/x.yaml:8:85: nested too deeply: expected at most 40 levels',
    ],
    [
      'a number that JSON does not have',
      `${HEAD}${RUNS}expect: { host: { journal: .nan } }\n`,
      '/x.yaml:7:28: expect.host.journal: a number that nothing can have',
    ],
    ['merge keys', `${HEAD}${RUNS}<<: { within: 2s }\n`, '/x.yaml:7:1: unknown key: got <<'],
    ['__proto__', `${HEAD}${RUNS}__proto__: { within: 2s }\n`, '/x.yaml:7:1: unknown key: got __proto__'],
    [
      'a name that is part of what every object has',
      `${HEAD}${RUNS}expect: { host: plain }\nrepeat: { constructor: [1] }\n`,
      `/x.yaml:8:11: repeated over values that nothing uses: expected \${constructor} in some text, got constructor`,
    ],
    [
      'values that multiply',
      `${HEAD}${RUNS.replace('host-port', `"\${a}\${b}"`)}repeat: { a: [${'1,'.repeat(90)}1], b: [1, 2, 3, 4, 5, 6] }\n`,
      '/x.yaml:7:9: repeated too often: expected at most 500 times',
    ],
  ])('%s', async (_title, contents, message) => {
    expect(await refusalOfContents(contents)).toContain(message);
  });

  it('a file that is not there, a folder, a device, and a pipe that nobody writes to', async () => {
    expect(await refusalOf('/nowhere.yaml')).toMatch(
      /^\/nowhere\.yaml:1:1: cannot read the file: expected a file that can be read, got ENOENT/,
    );
    expect(await refusalOf(folder)).toContain(':1:1: cannot read the file: expected a regular file');
    expect(await refusalOf('/dev/zero')).toContain(':1:1: cannot read the file: expected a regular file');
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    expect(await refusalOf(join(folder, 'pipe.yaml'))).toContain(':1:1: cannot read the file: expected a regular file');
  });

  it('an include that is a folder, an absolute path, or a circle of symbolic links', async () => {
    mkdirSync(join(folder, 'folder.yaml'));
    symlinkSync('circle.yaml', join(folder, 'circle.yaml'));
    const including = (path: string): Promise<string> =>
      refusalOfContents(HEAD.replace('plain', `{ include: ${path} }`) + RUNS);
    expect(await including('folder.yaml')).toContain(
      '/x.yaml:5:18: cannot read the included file: expected a regular file, got folder.yaml',
    );
    expect(await including('/etc/passwd.yaml')).toContain('/x.yaml:5:18: not an include: expected a path to a .yaml');
    expect(await including('circle.yaml')).toContain('/x.yaml:5:18: the included file is not there');
  });
});
