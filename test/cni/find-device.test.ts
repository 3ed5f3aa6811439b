import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { link, virtualLink } from '../domain/precheck/hosts.ts';
import { type Bench, createBench, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

/** A device of the kernel with its links, and a way to it from its bus. */
async function device(path: string, links: readonly string[], bus?: string): Promise<void> {
  for (const name of links) await mkdir(join(bench.folder, 'sys/devices', path, 'net', name), { recursive: true });
  await mkdir(join(bench.folder, 'sys/devices', path), { recursive: true });
  if (bus !== undefined) await alias(`sys/bus/${bus}/devices/${path.split('/').at(-1)}`, `sys/devices/${path}`);
}

async function alias(from: string, to: string): Promise<void> {
  await mkdir(dirname(join(bench.folder, from)), { recursive: true });
  await symlink(join(bench.folder, to), join(bench.folder, from));
}

const PCI = '0000:00:05.0';
const add = (selector: Readonly<Record<string, unknown>>) =>
  bench.run('ADD', netConf({ device: undefined, ...selector }));
const moved = () => bench.mover.journal.map(({ link }) => link.name);

describe('a device', () => {
  it.each([
    { device: 'eth1' },
    { device: 'enp0s5' },
    { hwaddr: '52:54:00:00:00:01' },
    { hwaddr: '52-54-00-00-00-01' },
    { hwaddr: '5254.0000.0001' },
    { kernelpath: `/sys/devices/pci0000:00/${PCI}` },
    { kernelpath: `/sys/devices/pci0000:00/${PCI}/` },
    { pciBusID: PCI },
    { runtimeConfig: { deviceID: PCI } },
  ])('is found by %j', async selector => {
    await device(`pci0000:00/${PCI}`, ['eth1'], 'pci');
    expect(await add(selector)).toMatchObject({ exitCode: 0, json: { interfaces: [{ pciID: PCI }] } });
    expect(moved()).toEqual(['eth1']);
  });

  it('is found by a PCI address in capitals', async () => {
    bench.mover.home.push(link({ index: 5, name: 'eth5', parentDevice: '0000:0a:1f.6' }));
    await device('pci0000:00/0000:0a:1f.6', ['eth5'], 'pci');
    expect((await add({ pciBusID: '0000:0A:1F.6' })).exitCode).toBe(0);
  });

  it('is found below the virtio device that is on the PCI bus, which is the address that is reported', async () => {
    bench.mover.home.push(link({ index: 5, name: 'ens6', parentBus: 'virtio', parentDevice: 'virtio3' }));
    await device('pci0000:00/0000:00:06.0/virtio3', ['ens6']);
    await alias('sys/bus/pci/devices/0000:00:06.0', 'sys/devices/pci0000:00/0000:00:06.0');
    expect((await add({ pciBusID: '0000:00:06.0' })).json).toMatchObject({ interfaces: [{ pciID: '0000:00:06.0' }] });
    expect(moved()).toEqual(['ens6']);
  });

  it('is found on the auxiliary bus when the runtime has picked it there', async () => {
    bench.mover.home.push(link({ index: 5, name: 'sf4', parentBus: 'auxiliary', parentDevice: 'mlx5_core.sf.4' }));
    await device('pci0000:00/0000:00:06.0/mlx5_core.sf.4', ['sf4'], 'auxiliary');
    const { json } = await add({ runtimeConfig: { deviceID: 'mlx5_core.sf.4' } });
    expect(json).toHaveProperty('interfaces.0.name', 'net1');
    expect(json).not.toHaveProperty('interfaces.0.pciID');
    expect(moved()).toEqual(['sf4']);
  });

  it('goes by device before hwaddr, kernelpath, the device of the runtime and pciBusID', async () => {
    for (const [name, address] of [
      ['k', '0000:00:06.0'],
      ['r', '0000:00:07.0'],
      ['p', '0000:00:08.0'],
    ] as const) {
      bench.mover.home.push(link({ index: 10, name, permanentMac: null, parentDevice: address }));
      await device(address, [name], 'pci');
    }
    const all = [
      { device: 'eth0' },
      { hwaddr: '52:54:00:00:00:01' },
      { kernelpath: '/sys/devices/0000:00:06.0' },
      { runtimeConfig: { deviceID: '0000:00:07.0' } },
      { pciBusID: '0000:00:08.0' },
    ];
    for (const [at, name] of ['eth0', 'eth1', 'k', 'r', 'p'].entries()) {
      await add(Object.assign({}, ...all.slice(at)));
      expect(moved()).toEqual([name]);
      await bench.run('DEL', netConf());
    }
  });

  it('has the MAC burnt in: a bond and a VLAN above it go by the same', async () => {
    const mac = '52:54:00:00:00:01';
    bench.mover.home.unshift(virtualLink(7, 'bond0', 'bond', { mac }), virtualLink(8, 'eth1.5', 'vlan', { mac }));
    await add({ hwaddr: mac });
    expect(moved()).toEqual(['eth1']);
  });

  it('has the MAC that is set where none has it burnt in', async () => {
    bench.mover.home.push(virtualLink(7, 'veth0', 'veth', { mac: '02:00:00:00:00:07' }));
    await add({ hwaddr: '02:00:00:00:00:07' });
    expect(moved()).toEqual(['veth0']);
  });
});

describe('no device is moved', () => {
  afterEach(() => expect(moved()).toEqual([]));

  it('when two links have the MAC', async () => {
    const mac = '02:00:00:00:00:07';
    bench.mover.home.push(virtualLink(7, 'veth0', 'veth', { mac }), virtualLink(8, 'veth1', 'veth', { mac }));
    expect((await add({ hwaddr: mac })).json).toMatchObject({
      code: 100,
      msg: `the network configuration: hwaddr names several links of the host (${mac})`,
      details: expect.stringContaining('got veth0, veth1'),
    });
  });

  it('when the PCI device has two links', async () => {
    bench.mover.home.push(link({ index: 5, name: 'eth1_1', parentDevice: PCI }));
    await device(`pci0000:00/${PCI}`, ['eth1', 'eth1_1'], 'pci');
    expect((await add({ pciBusID: PCI })).json).toMatchObject({
      code: 100,
      details: expect.stringContaining('eth1, eth1_1'),
    });
  });

  it.each([
    { device: 'eth7' },
    { hwaddr: '52:54:00:00:00:77' },
    { kernelpath: '/sys/devices/pci0000:00/none' },
    { pciBusID: '0000:00:17.0' },
    { runtimeConfig: { deviceID: '0000:00:17.0' } },
  ])('when none is there: %j', async selector => {
    const key = 'runtimeConfig' in selector ? 'runtimeConfig.deviceID' : Object.keys(selector)[0];
    const { json } = await add(selector);
    expect(json).toMatchObject({ code: 100 });
    expect((json as { msg: string }).msg).toContain(key);
  });

  it('when /sys shows a link that is not in the namespace of the plugin', async () => {
    await device(`pci0000:00/${PCI}`, ['elsewhere'], 'pci');
    expect((await add({ pciBusID: PCI })).json).toMatchObject({ code: 100 });
  });

  it('when /sys is that of another namespace, where another device has the name', async () => {
    await device('pci0000:00/0000:00:06.0', ['eth1'], 'pci');
    expect((await add({ pciBusID: '0000:00:06.0' })).json).toMatchObject({ code: 100 });
    expect((await add({ kernelpath: '/sys/devices/pci0000:00/0000:00:06.0' })).json).toMatchObject({ code: 100 });
  });

  it.each(['vfio-pci', 'uio_pci_generic', 'igb_uio'])('when %s drives it: there is no link', async driver => {
    await device(`pci0000:00/${PCI}`, [], 'pci');
    await alias(`sys/devices/pci0000:00/${PCI}/driver`, `sys/bus/pci/drivers/${driver}`);
    for (const selector of [{ pciBusID: PCI }, { runtimeConfig: { deviceID: PCI } }]) {
      const { json } = await add(selector);
      expect(json).toMatchObject({ code: 2, details: expect.stringContaining(driver) });
      // The specification asks for the key and its value.
      expect((json as { msg: string }).msg).toMatch(new RegExp(`(pciBusID|deviceID) ${PCI}`));
    }
  });

  it('when another container has it, which is said', async () => {
    await device(`pci0000:00/${PCI}`, ['eth1'], 'pci');
    await add({ pciBusID: PCI });
    bench.mover.home.splice(0);
    for (const selector of [
      { pciBusID: PCI },
      { runtimeConfig: { deviceID: PCI } },
      { device: 'enp0s5' },
      { hwaddr: '52:54:00:00:00:01' },
      { kernelpath: `/sys/devices/pci0000:00/${PCI}` },
    ]) {
      const { json } = await bench.run('ADD', netConf({ device: undefined, ...selector }), { CNI_CONTAINERID: 'c2' });
      expect(json).toMatchObject({ code: 100, details: expect.stringContaining('net1 of container c1') });
    }
    bench.mover.journal.pop();
  });
});
