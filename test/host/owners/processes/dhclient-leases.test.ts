import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyDhclientLease, parseDhclientLeases } from '../../../../src/host/owners/processes/dhclient-leases.ts';

const lease = (link: string, address: string, expire: string): string => `lease {
  interface "${link}";
  fixed-address ${address};
  option subnet-mask 255.255.255.0;
  option domain-name "a}b";
  expire ${expire};
}
`;
const ETH0 = lease('eth0', '10.9.0.56', '6 2026/11/21 21:51:33');

describe('leases of dhclient', () => {
  it('have a link, an address and an end', () => {
    const text = `default-duid "\\000\\001";\n${ETH0}${lease('eth1', '10.8.0.1', 'epoch 1795298400; # Sat')}${lease('eth2', '10.7.0.1', 'never')}`;
    expect(parseDhclientLeases(text)).toMatchObject([
      { link: 'eth0', address: '10.9.0.56', expiresAtMs: Date.UTC(2026, 10, 21, 21, 51, 33) },
      { link: 'eth1', address: '10.8.0.1', expiresAtMs: 1_795_298_400_000 },
      { link: 'eth2', address: '10.7.0.1', expiresAtMs: null },
    ]);
  });

  it('leave out one that was only half written', () => {
    expect(parseDhclientLeases(`${ETH0}lease {\n  interface "eth0";\n  fixed-`)).toHaveLength(1);
  });
});

describe('a lease for another link', () => {
  let folder = '';
  let file = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-leases-'));
    file = join(folder, 'dhclient.leases');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is the newest one of the first, in full, and the first keeps its own', async () => {
    const older = lease('eth0', '10.9.0.1', '5 2026/11/20 21:51:33');
    await writeFile(file, older + ETH0, { mode: 0o600 });
    expect(await copyDhclientLease(file, 'eth0', 'br-ext')).toBe(true);
    expect(await readFile(file, 'utf8')).toBe(older + ETH0 + ETH0.replace('"eth0"', '"br-ext"'));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('begins on a line of its own behind one that was only half written', async () => {
    await writeFile(file, `${ETH0}lease {\n  inter`);
    await copyDhclientLease(file, 'eth0', 'br-ext');
    expect((await readFile(file, 'utf8')).split('\n').slice(-9, -6)).toEqual([
      '  inter',
      'lease {',
      '  interface "br-ext";',
    ]);
  });

  it('is not made where there is none, nor through a symbolic link', async () => {
    expect(await copyDhclientLease(file, 'eth0', 'br-ext')).toBe(false);
    await writeFile(join(folder, 'other'), ETH0);
    await symlink('other', file);
    expect(await copyDhclientLease(file, 'eth0', 'br-ext')).toBe(false);
    expect(await readFile(join(folder, 'other'), 'utf8')).toBe(ETH0);
  });
});
