import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NetworkManagerFacts } from '../../../../src/domain/owners.ts';
import { readNetworkManager } from '../../../../src/host/owners/network-manager/read-network-manager.ts';
import { returnToNetworkManager } from '../../../../src/host/owners/network-manager/return.ts';

const UUID = '2d2f1b6c-6b0e-4a3c-9a59-5c2b0f1f7d10';
const LINK = { index: 10, name: 'eth0', mac: 'f2:21:ae:55:6c:d0' };
const STATE = 'run/NetworkManager/devices/10';
/** As NetworkManager 1.42 wrote them. */
const MANAGED = `[device]
managed=true
perm-hw-addr-fake=F2:21:AE:55:6C:D0
connection-uuid=${UUID}
nm-owned=false
route-metric-default-effective=100
`;
const LET_GO = '[device]\nmanaged=false\nperm-hw-addr-fake=F2:21:AE:55:6C:D0\nnm-owned=false\n';
const PROFILE = `[connection]
id=uplink
uuid=${UUID}
type=ethernet
interface-name=eth0
timestamp=1795298581

[ethernet]

[ipv4]
address1=10.9.0.2/24,10.9.0.1
method=manual

[ipv6]
addr-gen-mode=default
method=auto

[proxy]
`;
const CONNECTION = {
  id: 'uplink',
  uuid: UUID,
  type: '802-3-ethernet',
  method4: 'manual',
  method6: 'auto',
  external: false,
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ovsu-nm-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function read(bus: 'absent' | 'silent' = 'absent'): Promise<NetworkManagerFacts> {
  return await readNetworkManager(LINK, [{ index: 11, name: 'eth0.5' }], { bus, root });
}

describe('a NetworkManager that cannot be asked', () => {
  it('is known by its state files and profiles', async () => {
    write(STATE, MANAGED);
    write('run/NetworkManager/devices/11', '[device]\nmanaged=true\n');
    write('etc/NetworkManager/system-connections/other.nmconnection', PROFILE.replace(UUID, 'another'));
    write('etc/NetworkManager/system-connections/uplink.nmconnection', PROFILE);
    const device = { reason: 0, managed: true };
    expect(await read('silent')).toEqual({
      state: 'silent',
      version: null,
      prepared: 'no',
      uplink: { ...device, name: 'eth0', state: 100, deviceType: 1, connection: CONNECTION },
      relatives: [{ ...device, name: 'eth0.5', state: 30, deviceType: 0, connection: null }],
    });
  });

  it.each([
    ['has no file', undefined],
    ['has a file of a link with another address', MANAGED.replace('F2:21', 'F2:22')],
    ['has a file that is none', 'managed=true\n[devices]\n'],
  ])('knows nothing of a link that %s', async (_title, text) => {
    if (text !== undefined) write(STATE, text);
    expect(await read()).toMatchObject({ state: 'absent', uplink: null, relatives: [], prepared: 'no' });
  });

  it('a profile that is in no file, or that it made up for what it found', async () => {
    write(STATE, MANAGED);
    const unknown = { id: UUID, uuid: UUID, type: '', method4: null, method6: null, external: false };
    expect((await read()).uplink).toMatchObject({ state: 100, connection: unknown });
    write('run/NetworkManager/system-connections/eth0.nmconnection', `${PROFILE}\n[.nmmeta]\nexternal=true\n`);
    expect((await read()).uplink).toMatchObject({ connection: { ...CONNECTION, external: true } });
  });

  it('has let go of a link, and is told in its file to take it again; a link that it does not know is left alone', async () => {
    write('etc/NetworkManager/system-connections/uplink.nmconnection', PROFILE);
    await returnToNetworkManager(LINK, UUID, { bus: 'absent', root });
    expect(await read()).toMatchObject({ uplink: null });
    write(STATE, LET_GO);
    expect(await read()).toMatchObject({
      uplink: { managed: false, state: 10, connection: null },
      prepared: 'released',
    });
    await returnToNetworkManager(LINK, UUID, { bus: 'absent', root });
    expect(await read()).toMatchObject({ uplink: { managed: true, connection: CONNECTION }, prepared: 'no' });
    const returning = returnToNetworkManager(LINK, UUID, { bus: 'silent', root });
    await expect(returning).rejects.toMatchObject({ code: 'OWNER_UNREACHABLE' });
  });
});
