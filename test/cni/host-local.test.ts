import { accessSync, constants } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, createBench, ETH1, NETNS, netConf } from './plugin-bench.ts';

/** Where Debian's containernetworking-plugins has its programs; another folder for one that is not installed. */
const FOLDER = process.env['OVS_UPLINK_CNI_PLUGINS'] ?? '/usr/lib/cni';
const reason = whyNot();

function whyNot(): string | undefined {
  try {
    accessSync(join(FOLDER, 'host-local'), constants.X_OK);
    return undefined;
  } catch {
    return `no host-local in ${FOLDER}: install containernetworking-plugins`;
  }
}

describe.skipIf(reason !== undefined)(
  `with the host-local of others${reason === undefined ? '' : ` [skipped: ${reason}]`}`,
  () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await createBench();
    });
    afterEach(() => bench[Symbol.asyncDispose]());

    // Debian's is of 2022: it speaks 1.0.0 at most.
    function conf(cniVersion: string): Record<string, unknown> {
      const subnets = ['10.1.0.0/29', 'fd00:1::/125'];
      const ipam = {
        type: 'host-local',
        dataDir: join(bench.folder, 'store'),
        ranges: subnets.map(subnet => [{ subnet }]),
        routes: [{ dst: '0.0.0.0/0' }, { dst: '10.7.0.0/16', gw: '10.1.0.6' }, { dst: '::/0' }],
      };
      return netConf({ cniVersion, ipam });
    }

    const reserved = async () => {
      const names = await readdir(join(bench.folder, 'store/lan'));
      return names.filter(name => !name.startsWith('last_') && name !== 'lock').sort();
    };
    const path = { CNI_PATH: FOLDER };

    it.each(['0.3.1', '0.4.0', '1.0.0'])('addresses are taken, checked and given back in %s', async cniVersion => {
      const added = await bench.run('ADD', conf(cniVersion), path);
      expect(added.json).toMatchObject({
        cniVersion,
        interfaces: [{ name: 'net1', mac: ETH1.mac, sandbox: NETNS }],
        ips: [
          { address: '10.1.0.2/29', gateway: '10.1.0.1', interface: 0 },
          { address: 'fd00:1::2/125', gateway: 'fd00:1::1', interface: 0 },
        ],
        routes: [{ dst: '0.0.0.0/0' }, { dst: '10.7.0.0/16', gw: '10.1.0.6' }, { dst: '::/0' }],
      });
      expect(bench.mover.wanted[0]?.routes.map(({ gateway }) => gateway)).toEqual([
        '10.1.0.1',
        '10.1.0.6',
        'fd00:1::1',
      ]);
      expect(await reserved()).toEqual(['10.1.0.2', 'fd00:1::2']);
      if (cniVersion !== '0.3.1') {
        const checked = await bench.run('CHECK', { ...conf(cniVersion), prevResult: added.json }, path);
        expect(checked).toMatchObject({ exitCode: 0, text: '' });
      }
      for (let times = 0; times < 2; times += 1) {
        expect(await bench.run('DEL', conf(cniVersion), path)).toMatchObject({ exitCode: 0, text: '' });
      }
      expect(await reserved()).toEqual([]);
      expect(bench.mover.home).toContainEqual(ETH1);
    });

    it('an ADD that fails after it leaves no address reserved', async () => {
      bench.mover.faults.configure = { code: 'NETLINK_REFUSED', what: 'cannot add address', errnoName: 'EACCES' };
      expect((await bench.run('ADD', conf('1.0.0'), path)).json).toMatchObject({ code: 105 });
      expect(await reserved()).toEqual([]);
    });

    it('its refusal is passed on: a version that it does not speak', async () => {
      const ran = await bench.run('ADD', conf('1.1.0'), path);
      // A newer one speaks it.
      if (ran.exitCode !== 0)
        expect(ran.json).toMatchObject({ code: 1, msg: expect.stringContaining('IPAM plugin host-local') });
    });
  },
);
