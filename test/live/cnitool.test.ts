import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CommandResult } from '../lab/command.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { missingPrograms } from '../lab/needs.ts';
import { addressFarEnd, type Conf, confOf, hostLocal, missingPlugins, PLUGIN, THEIR_FOLDER } from './cni/plugin.ts';
import { linkIn, makeNic } from './moving/nic.ts';

/** The one of github.com/containernetworking/cni, built from its sources: no package of Debian's has it. */
const TOOL = process.env['OVS_UPLINK_CNITOOL'] ?? 'cnitool';
const needs = missingPrograms({ [TOOL]: 'nothing has it; set OVS_UPLINK_CNITOOL to one that was built' });

describeLive('the CNI plugin, driven by the real cnitool', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'ctool' });
    for (const folder of ['net.d', 'var-lib']) await mkdir(join(lab.dir, folder));
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  /** Where libcni keeps results is not to be chosen: a mount of the process's own takes them. */
  const cnitool = (command: string): Promise<CommandResult> => {
    const script = 'mount --bind "$0" /var/lib && exec "$@"';
    const argv = [TOOL, command, 'lan', `/run/netns/${lab.farNs}`];
    return lab.run(lab.hostNs, ['sh', '-c', script, join(lab.dir, 'var-lib'), ...argv], {
      env: {
        NETCONFPATH: join(lab.dir, 'net.d'),
        CNI_PATH: `${dirname(PLUGIN)}:${THEIR_FOLDER}`,
        CNI_IFNAME: 'net1',
      },
    });
  };
  const configure = async (cniVersion: string, more: Conf, then: readonly Conf[] = []): Promise<void> => {
    const { cniVersion: _own, name: _name, ...plugin } = confOf(lab, more);
    const list = { cniVersion, name: 'lan', plugins: [plugin, ...then] };
    await writeFile(join(lab.dir, 'net.d/lan.conflist'), JSON.stringify(list));
  };
  const succeed = async (command: string): Promise<unknown> => {
    const { code, stdout, stderr } = await cnitool(command);
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
    return stdout === '' ? undefined : JSON.parse(stdout);
  };

  it('in a chain of version 1.0.0, with IPAM and a plugin behind it', async () => {
    await using nic = await makeNic(lab);
    await addressFarEnd(lab);
    await configure('1.0.0', { ipam: hostLocal(lab) }, [{ type: 'tuning', mtu: 1380 }]);
    expect(await succeed('add')).toMatchObject({
      interfaces: [{ name: 'net1', sandbox: `/run/netns/${lab.farNs}` }],
      ips: [{ address: '10.77.0.2/24' }, { address: 'fd77::2/64' }],
    });
    expect(await linkIn(lab, lab.farNs, 'net1')).toMatchObject({ mtu: 1380, operstate: 'UP' });
    await succeed('check');
    await succeed('del');
    await succeed('del');
    expect(await nic.changes()).toEqual([]);
  });

  it('in version 1.1.0, with STATUS and GC', async () => {
    await using nic = await makeNic(lab);
    await configure('1.1.0', {});
    await succeed('status');
    expect(await succeed('add')).toMatchObject({ cniVersion: '1.1.0', interfaces: [{ name: 'net1', mtu: 1400 }] });
    await succeed('check');
    const { code, stderr } = await cnitool('status');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('net1 of container cnitool-') });
    await succeed('gc');
    expect(await nic.changes()).toEqual([]);
    await succeed('status');
  });
}, [...needs, ...missingPlugins(['host-local', 'tuning'])]);
