import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPlugin } from '../../src/cni/run-plugin.ts';
import { type Bench, createBench, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(async () => {
  expect(bench.mover.calls).toEqual([]);
  await bench[Symbol.asyncDispose]();
});

describe('the environment', () => {
  it.each([
    ['CNI_COMMAND', undefined],
    ['CNI_COMMAND', 'UPDATE'],
    ['CNI_COMMAND', 'add'],
    ['CNI_CONTAINERID', undefined],
    ['CNI_CONTAINERID', ''],
    ['CNI_CONTAINERID', '-c1'],
    ['CNI_CONTAINERID', 'c1/../c2'],
    ['CNI_CONTAINERID', 'c1\n'],
    ['CNI_CONTAINERID', 'c'.repeat(256)],
    ['CNI_IFNAME', undefined],
    ['CNI_IFNAME', '.'],
    ['CNI_IFNAME', '..'],
    ['CNI_IFNAME', 'a/b'],
    ['CNI_IFNAME', 'eth0:1'],
    ['CNI_IFNAME', 'net 1'],
    ['CNI_IFNAME', 'net\u00a01'],
    ['CNI_IFNAME', 'net\u00071'],
    ['CNI_IFNAME', 'net%d'],
    ['CNI_IFNAME', '0123456789abcdef'],
    ['CNI_IFNAME', '\u00e9'.repeat(8)],
    ['CNI_NETNS', undefined],
    ['CNI_NETNS', 'blue'],
    ['CNI_NETNS', '/run/netns/\0'],
    ['CNI_NETNS', `/${'n'.repeat(4095)}`],
  ])('is refused with %s=%j, by name', async (name, value) => {
    const ran = await bench.run('ADD', netConf(), { [name]: value });
    expect(ran.exitCode).toBe(1);
    expect(ran.json).toMatchObject({ cniVersion: '1.1.0', code: 4, msg: `invalid environment: ${name}` });
    const { details } = ran.json as { details: string };
    expect(details).toContain(`${name}: expected `);
    expect(details).toContain('; the container runtime sets these variables');
    expect(details.length).toBeLessThan(500);
  });

  it('is refused with the names of all that are wrong', async () => {
    const ran = await bench.run('CHECK', netConf(), { CNI_CONTAINERID: '', CNI_IFNAME: '..', CNI_NETNS: '' });
    expect(ran.json).toMatchObject({ msg: 'invalid environment: CNI_CONTAINERID, CNI_IFNAME, CNI_NETNS' });
  });

  it('must name the container and its link for DEL, too', async () => {
    const ran = await bench.run('DEL', netConf(), { CNI_CONTAINERID: '', CNI_IFNAME: '', CNI_NETNS: '' });
    expect(ran.json).toMatchObject({ code: 4, msg: 'invalid environment: CNI_CONTAINERID, CNI_IFNAME' });
  });

  it.each([
    ['a path where nothing is', '/run/netns/gone', 'ENOENT'],
    ['a file that is no namespace', '/proc/self/status', 'no namespace'],
    ['the plugin’s own namespace', '/proc/self/ns/net', 'the namespace that the plugin runs in'],
  ])('is refused with %s as CNI_NETNS', async (_title, netns, got) => {
    const ran = await bench.run('ADD', netConf(), { CNI_NETNS: netns });
    expect(ran.json).toMatchObject({
      code: 4,
      msg: 'invalid environment: CNI_NETNS',
      details: expect.stringContaining(got),
    });
    expect((ran.json as { details: string }).details).toContain(netns);
  });
});

async function addFrom(stdin: AsyncIterable<Uint8Array>): Promise<unknown> {
  let text = '';
  const stdout = {
    write: (chunk: string) => {
      text += chunk;
    },
  };
  await runPlugin({ env: { ...bench.env, CNI_COMMAND: 'ADD' }, stdin, stdout, openMover: bench.mover.open });
  return JSON.parse(text);
}

describe('the network configuration', () => {
  it.each([
    ['nothing', '', 'got nothing'],
    ['broken JSON', '{"cniVersion": ', 'JSON'],
    ['nested without end', `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 'nested more than 100 deep'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'JSON in UTF-8'],
  ])('is refused when it is %s', async (_title, config, details) => {
    const ran = await bench.run('ADD', config);
    expect(ran.json).toMatchObject({ code: 6, details: expect.stringContaining(details) });
  });

  it('is refused beyond 1 MiB', async () => {
    const ran = await bench.run('ADD', netConf({ padding: 'x'.repeat(1 << 20) }));
    expect(ran.json).toMatchObject({ code: 5, details: expect.stringContaining('at most 1048576 bytes, got more') });
  });

  it('is not read any further than 1 MiB', async () => {
    const endless = async function* () {
      for (;;) yield Buffer.alloc(65_536, ' ');
    };
    expect(await addFrom(endless())).toMatchObject({ code: 5, details: expect.stringContaining('got more') });
  });

  it('is an I/O error when stdin breaks', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('EIO'));
      },
    });
    expect(await addFrom(broken)).toMatchObject({ code: 5, details: expect.stringContaining('EIO') });
  });

  it.each([undefined, '0.2.0', '1.2.0', '2.0.0', 1, null, { major: 1 }])(
    'is refused with cniVersion %j',
    async version => {
      const ran = await bench.run('ADD', netConf({ cniVersion: version }));
      expect(ran.json).toMatchObject({ cniVersion: '1.1.0', code: 1 });
      expect(ran.json).toMatchObject({
        details: expect.stringContaining('expected 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0, got '),
      });
    },
  );

  it('is answered in its own version, also with an error', async () => {
    const ran = await bench.run('ADD', netConf({ cniVersion: '0.4.0', name: '' }));
    expect(ran.json).toMatchObject({ cniVersion: '0.4.0', code: 7 });
  });

  it.each([
    ['name', { name: undefined }],
    ['name', { name: '../lan' }],
    ['name', { name: 'l'.repeat(256) }],
    ['device', { device: 7 }],
    ['device', { device: 'a/b' }],
    ['device', { device: '..' }],
    ['hwaddr', { hwaddr: '52:54:00:00:00' }],
    ['hwaddr', { hwaddr: '52:54-00:00:00:01' }],
    ['hwaddr', { hwaddr: '52540.00000.1' }],
    ['kernelpath', { kernelpath: '/sys/devices/../class/net/eth1' }],
    ['kernelpath', { kernelpath: '/dev/null' }],
    ['pciBusID', { pciBusID: '../../0000:00:05.0' }],
    ['pciBusID', { pciBusID: '00:05.0' }],
    ['runtimeConfig.deviceID', { runtimeConfig: { deviceID: '../x' } }],
    ['runtimeConfig', { runtimeConfig: 'x' }],
    ['ipam', { ipam: 'pool' }],
    ['ipam.type', { ipam: { type: '../pool' } }],
    ['ipam.type', { ipam: { type: '..' } }],
    ['ipam.type', { ipam: { type: 'a\\b' } }],
    ['dns.nameservers', { dns: { nameservers: '10.0.0.53' } }],
    ['prevResult', { prevResult: [] }],
    ['prevResult.cniVersion', { prevResult: { cniVersion: '0.2.0' } }],
    ['prevResult.ips.0.address', { prevResult: { ips: [{ address: '10.0.0.2' }] } }],
    ['prevResult.ips.0.address', { prevResult: { ips: [{ address: '10.0.0.2/33' }] } }],
    ['prevResult.ips.0.address', { prevResult: { ips: [{ address: '010.0.0.2/24' }] } }],
    ['prevResult.ips.0.gateway', { prevResult: { ips: [{ address: '10.0.0.2/24', gateway: 'fe80::1%eth0' }] } }],
    ['prevResult.ips.0.interface', { prevResult: { ips: [{ address: '10.0.0.2/24', interface: -1 }] } }],
    ['prevResult.routes.0.mtu', { prevResult: { routes: [{ dst: '::/0', mtu: 1.5 }] } }],
    ['prevResult.interfaces.0.name', { prevResult: { interfaces: [{}] } }],
  ])('is refused with a wrong %s: %j', async (key, more) => {
    const ran = await bench.run('ADD', netConf(more));
    expect(ran.json).toMatchObject({ code: 7, msg: `the network configuration: ${key}: wrong value` });
    expect(ran.json).toMatchObject({
      details: expect.stringMatching(/^expected .+, got .+; correct the network configuration$/s),
    });
  });

  it.each(['[]', '"x"', 'null', '7'])('is refused when it is %s', async config => {
    expect((await bench.run('ADD', config)).json).toMatchObject({ code: 1 });
  });

  it('must name a device', async () => {
    const { device: _device, ...rest } = netConf();
    expect((await bench.run('ADD', { ...rest, device: '', hwaddr: null })).json).toMatchObject({
      code: 7,
      msg: 'the network configuration names no device',
      details: expect.stringContaining(
        'expected one of device, hwaddr, kernelpath, pciBusID, or runtimeConfig.deviceID',
      ),
    });
    const ran = await bench.run('ADD', { ...rest, pcibusid: '0000:00:05.0' });
    expect(ran.json).toMatchObject({ details: expect.stringContaining('did you mean pciBusID by pcibusid?') });
  });
});

describe('VERSION', () => {
  const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

  it.each(['0.1.0', '1.0.0', '9.9.9'])(
    'says what is spoken, in the version that it is asked in: %s',
    async cniVersion => {
      const ran = await bench.run(
        'VERSION',
        { cniVersion },
        { CNI_CONTAINERID: '', CNI_IFNAME: '', CNI_NETNS: '', CNI_PATH: '' },
      );
      expect(ran).toMatchObject({ exitCode: 0, json: { cniVersion, supportedVersions } });
    },
  );

  it.each(['', '{}', '{"cniVersion": "<b>"}', '[]'])('says so, too, to who asks with %s', async config => {
    expect((await bench.run('VERSION', config)).json).toEqual({ cniVersion: '1.1.0', supportedVersions });
  });
});
