import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OwnerRequest } from '../../../../src/domain/effect.ts';
import {
  releaseFromNetworkd,
  returnToNetworkd,
  shieldFromNetworkd,
} from '../../../../src/host/owners/networkd/hand-over.ts';
import { readNetworkd } from '../../../../src/host/owners/networkd/read-networkd.ts';

const FOLDER = 'run/systemd/network';
const FILE = '/etc/systemd/network/10-uplink.network';
const REQUEST: OwnerRequest = {
  owner: 'systemd-networkd',
  link: { index: 10, name: 'eth0' },
  originalName: 'eth0',
  hostPort: 'eth0',
  bridge: 'br-ext',
  network: { file: FILE, text: '[Match]\nName=eth0\n[Network]\nDHCP=yes\n' },
  profile: null,
};
const RENAMED: OwnerRequest = { ...REQUEST, link: { index: 10, name: 'eth0~' } };

let root: string;

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function ours(): Promise<Record<string, string>> {
  const names = (await readdir(join(root, FOLDER), { recursive: true }).catch(() => [])).filter(n => n.includes('.'));
  const files = names.filter(name => !name.endsWith('.d'));
  const texts = await Promise.all(files.map(name => readFile(join(root, FOLDER, name), 'utf8')));
  return Object.fromEntries(files.sort().map((name, i) => [name, texts[i] ?? '']));
}

const stage = async () => (await readNetworkd(REQUEST.link, { root })).prepared;

// With a networkd that runs: test/live/networkd.test.ts.
describe('files for a systemd-networkd that does not run at the moment', () => {
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'networkd-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('shield, release and return, each twice, leave the drop-in alone behind', async () => {
    await put('run/systemd/netif/leases/10', 'CLIENTID=ff514a9e4500020000ab110033bdebf95e192c\n');
    for (let twice = 0; twice < 2; twice += 1) await shieldFromNetworkd(REQUEST, { root });
    expect(await stage()).toBe('shielded');
    expect(Object.keys(await ours())).toEqual([
      '00-ovs-uplink-10-1-host-port.network',
      '00-ovs-uplink-10-2-bridge.network',
    ]);
    await rm(join(root, 'run/systemd/netif/leases/10')); // as networkd does when it lets the uplink go
    const texts: string[] = [];
    for (let twice = 0; twice < 2; twice += 1) {
      await releaseFromNetworkd(RENAMED, { root });
      texts.push((await ours())['00-ovs-uplink-10-1-host-port.network'] ?? '');
    }
    expect(await stage()).toBe('released');
    expect(texts[0]).toContain('[Network]\nDHCP=yes\n');
    expect(texts[0]).toContain(`IAID=${0x514a9e45}\n`);
    expect(texts[1]).toBe(texts[0]);
    expect((await ours())['00-ovs-uplink-10-3-uplink.network']).toContain('Name=eth0~ eth0\n\n[Link]\nUnmanaged=yes');
    for (let twice = 0; twice < 2; twice += 1) await returnToNetworkd(REQUEST, { root });
    expect(await stage()).toBe('no');
    const left = await ours();
    expect(Object.keys(left)).toEqual(['10-uplink.network.d/99-ovs-uplink.conf']);
    expect(left['10-uplink.network.d/99-ovs-uplink.conf']).toContain('[Network]\nKeepConfiguration=yes\n');
  });

  it('are readable for networkd, whatever the umask is', async () => {
    const before = process.umask(0o077);
    try {
      await shieldFromNetworkd(REQUEST, { root });
    } finally {
      process.umask(before);
    }
    const file = await stat(join(root, FOLDER, '00-ovs-uplink-10-1-host-port.network'));
    expect(file.mode & 0o777).toBe(0o644);
    for (const folder of ['run/systemd', FOLDER]) expect((await stat(join(root, folder))).mode & 0o777).toBe(0o755);
  });

  it('are not taken from the host port again once networkd has been given it', async () => {
    await shieldFromNetworkd(REQUEST, { root });
    await releaseFromNetworkd(RENAMED, { root });
    const given = await ours();
    await shieldFromNetworkd(RENAMED, { root });
    expect(await ours()).toEqual(given);
  });

  it('of somebody else are neither overwritten nor removed', async () => {
    const path = `${FOLDER}/00-ovs-uplink-10-1-host-port.network`;
    await put(path, '[Match]\nName=mine\n');
    await expect(shieldFromNetworkd(REQUEST, { root })).rejects.toMatchObject({ code: 'OWNER_REFUSED' });
    await put(`${FOLDER}/00-ovs-uplink-10-2-bridge.network`, '[Match]\nName=mine\n');
    await returnToNetworkd(REQUEST, { root });
    expect(Object.values(await ours())).toEqual(['[Match]\nName=mine\n', '[Match]\nName=mine\n']);
  });

  it('are none where networkd has not configured the uplink', async () => {
    const request = { ...REQUEST, network: null };
    await shieldFromNetworkd(request, { root });
    await releaseFromNetworkd(request, { root });
    await returnToNetworkd(request, { root });
    expect(await ours()).toEqual({});
  });
});
