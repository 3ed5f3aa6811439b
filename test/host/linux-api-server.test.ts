import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findApiServer, MAX_KUBECONFIG_BYTES, parseHosts, readKubeconfig } from '../../src/host/linux-api-server.ts';
import { catchUsage } from '../cli/catch-usage.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-kubeconfig-'));
  path = join(folder, 'config');
});
afterAll(() => rm(folder, { recursive: true }));

/** A kubeconfig with two clusters, of which the current context names the second. */
function kubeconfig(second: string, current = 'current-context: b'): string {
  return `apiVersion: v1
kind: Config
clusters:
- { name: one, cluster: { server: "https://10.0.0.1:6443", certificate-authority-data: SECRET } }
- { name: two, cluster: ${second} }
contexts:
- { name: a, context: { cluster: one, user: u } }
- { name: b, context: { cluster: two, user: u } }
users: [ { name: u, user: { token: SECRET } } ]
${current}
`;
}

async function read(text: string) {
  await writeFile(path, text);
  return readKubeconfig(path);
}

async function messageOf(text: string | Uint8Array): Promise<string> {
  await writeFile(path, text);
  const { message } = await catchUsage(() => readKubeconfig(path));
  expect(message).toContain(path);
  expect(message).not.toContain('SECRET');
  return message;
}

describe('the server of a kubeconfig', () => {
  it('is that of the current context', async () => {
    expect(await read(kubeconfig('{ server: "https://[2001:db8::1]" }'))).toEqual({ host: '2001:db8::1', port: 443 });
  });

  it('is the proxy where it is reached by one', async () => {
    const proxied = '{ server: "https://10.0.0.2", proxy-url: "socks5://me:SECRET@proxy.example:1080" }';
    expect(await read(kubeconfig(proxied))).toEqual({ host: 'proxy.example', port: 1080 });
  });

  it('is the only one where no context is current', async () => {
    expect(await read('clusters: [ { name: c, cluster: { server: https://h:1 } } ]')).toEqual({ host: 'h', port: 1 });
  });

  it.each([
    ['none is current', kubeconfig('{}', ''), 'without a current context'],
    ['the current one does not exist', kubeconfig('{}', 'current-context: c'), 'the context "c"'],
    ['its cluster has no server', kubeconfig('{}'), 'server of the cluster "two"'],
    ['its server is no address', kubeconfig('{ server: "ftp://SECRET" }'), 'https://HOST:PORT'],
    ['it is no YAML', `${kubeconfig('{}')}token: [SECRET`, 'is no YAML'],
    ['it is nested without end', '['.repeat(30_000), 'is no YAML'],
    ['it is a bomb', `a: &a [SECRET]\nb: [${Array.from({ length: 40 }, () => '*a').join()}]`, 'is no YAML'],
    ['it is empty', '', 'without a current context'],
  ])('%s: one error that names the file and nothing of what is in it', async (_, text, says) => {
    expect(await messageOf(text)).toContain(says);
  });

  it('what is no file of text, or too large, is refused at once', async () => {
    expect(await messageOf(new Uint8Array([0xff, 0xfe, 0x00]))).toContain('a file of text');
    await writeFile(path, '');
    await truncate(path, MAX_KUBECONFIG_BYTES + 1);
    expect((await catchUsage(() => readKubeconfig(path))).message).toContain('too large');
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect((await catchUsage(() => readKubeconfig(fifo))).message).toContain('a regular file');
    expect((await catchUsage(() => readKubeconfig(join(folder, 'none')))).message).toContain('ENOENT');
  });
});

describe('addresses of the API server', () => {
  const HOSTS =
    '# 10.0.0.9 api.example\n10.0.0.1 Api.example api # the first\n2001:DB8:0::1\tapi.example\nx api.example\n';

  it('are those of /etc/hosts', () => {
    expect(parseHosts(HOSTS, 'API.example.')).toEqual(['10.0.0.1', '2001:db8::1']);
    expect(parseHosts(HOSTS, 'other.example')).toEqual([]);
  });

  it('are known without a name server, or not at all', async () => {
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'etc/hosts'), HOSTS);
    const found = (host: string) => findApiServer({ apiServer: { host, port: 6443 }, root: folder });
    expect(await found('api')).toEqual({ host: 'api', port: 6443, addresses: ['10.0.0.1'], from: '--api-server' });
    expect(await found('2001:DB8::1')).toMatchObject({ addresses: ['2001:db8::1'] });
    expect(await found('elsewhere')).toMatchObject({ addresses: [] });
    expect(await findApiServer({ root: folder })).toBeUndefined();
  });

  it('given beside a kubeconfig, the server that was named counts', async () => {
    const apiServer = { host: '10.0.0.1', port: 1 };
    expect(await findApiServer({ apiServer, kubeconfig: '/none' })).toMatchObject({ host: '10.0.0.1' });
  });
});
