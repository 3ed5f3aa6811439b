import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { ipBatch } from '../lab/two-ports.ts';
import { watchKernel } from '../lab/watch.ts';
import { type Answer, call, confOf, envOf, startContainer } from './cni/plugin.ts';
import { linkIn, makeNic, NIC } from './moving/nic.ts';
import { sampled } from './support/sampled.ts';

const DONE = { code: 0, text: '' };

describeLive('the CNI plugin on the real engine', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'cni' });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const journals = async () => (await readdir(lab.stateDir)).filter(name => name.endsWith('.move'));
  const macOf = async () => ((await linkIn(lab, lab.hostNs, NIC)) as { address: string }).address;

  it('ADD, CHECK and DEL: the link goes, is what the result says, and is home as it was', async () => {
    await using nic = await makeNic(lab);
    const mac = await macOf();
    expect(await call(lab, 'STATUS', confOf(lab))).toMatchObject(DONE);
    const sandbox = `/run/netns/${lab.farNs}`;
    const added = await call(lab, 'ADD', confOf(lab));
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const result = {
      cniVersion: '1.1.0',
      interfaces: [{ name: 'net1', mac, mtu: 1400, sandbox }],
      ips: [],
      routes: [],
    };
    expect(added.json).toEqual(result);
    expect(await linkIn(lab, lab.farNs, 'net1')).toMatchObject({ address: mac, mtu: 1400, operstate: 'UP' });
    expect(await call(lab, 'CHECK', confOf(lab, { prevResult: result }))).toMatchObject(DONE);
    // A second one would not find the device.
    expect((await call(lab, 'STATUS', confOf(lab))).json).toMatchObject({ code: 50 });
    expect((await call(lab, 'ADD', confOf(lab))).json).toMatchObject({ code: 101 });
    const other = await call(lab, 'ADD', confOf(lab), { CNI_CONTAINERID: 'c2', CNI_IFNAME: 'net2' });
    expect(other.json).toMatchObject({ code: 100, details: expect.stringContaining('net1 of container c1') });

    expect(await call(lab, 'DEL', confOf(lab))).toMatchObject(DONE);
    expect(await nic.changes()).toEqual([]);
    expect(await call(lab, 'DEL', confOf(lab))).toMatchObject(DONE);
    expect((await call(lab, 'CHECK', confOf(lab, { prevResult: result }))).json).toMatchObject({ code: 106 });
    expect(await nic.changes()).toEqual([]);
    expect(await journals()).toEqual([]);
  });

  it('DEL brings home what the container has renamed, set down and given away', async () => {
    await using nic = await makeNic(lab);
    await call(lab, 'ADD', confOf(lab));
    await ipBatch(lab.farNs, [
      'link set net1 down',
      'link set net1 name inside mtu 1300 address 02:00:00:00:00:77',
      'addr add 10.1.1.1/24 dev inside',
      'link add net1 type bridge',
    ]);
    expect(await call(lab, 'DEL', confOf(lab), { CNI_NETNS: '' })).toMatchObject(DONE);
    expect(await nic.changes()).toEqual([]);
  });

  it('a link that is down at home is up in the container, and down again after', async () => {
    await using nic = await makeNic(lab);
    await lab.hostIp('link', 'set', NIC, 'down');
    const down = await nic.changes();
    expect(down.join()).toMatch(/\bup\b/i);
    await call(lab, 'ADD', confOf(lab));
    expect(await linkIn(lab, lab.farNs, 'net1')).toMatchObject({ operstate: 'UP' });
    expect(await call(lab, 'DEL', confOf(lab))).toMatchObject(DONE);
    // The kernel drops the queueing discipline of a link that moves, and gives it one when it is up again.
    expect((await nic.changes()).filter(line => !line.includes('qdisc'))).toEqual(down);
  });

  it.each([
    ['DEL', {}],
    ['GC', { 'cni.dev/valid-attachments': [] }],
  ])('%s succeeds when the link went with its namespace, and nothing is left', async (command, more) => {
    await using _nic = await makeNic(lab);
    const container = await startContainer(lab);
    await using watch = await watchKernel(lab.gatewayNs, ['link']);
    expect(await call(lab, 'ADD', confOf(lab), { CNI_NETNS: container.path })).toMatchObject({ code: 0 });
    container.end();
    // Virtual links die with their namespace, and take the other end along.
    await watch.event(line => line.startsWith('Deleted') && line.includes('gw5'), { timeoutMs: 20_000 });
    expect(await call(lab, command, confOf(lab, more), { CNI_NETNS: '' })).toMatchObject(DONE);
    expect(await journals()).toEqual([]);
  });

  it('GC brings home what is not valid any more, of its network only', async () => {
    await using nic = await makeNic(
      lab,
      [6, 8].map(at => `link add eth${at} type veth peer name eth${at + 1}`),
    );
    const attachment = (device: string, name: string) =>
      [confOf(lab, { device, name }), { CNI_CONTAINERID: `c-${device}`, CNI_IFNAME: device }] as const;
    for (const [conf, env] of [attachment(NIC, 'lan'), attachment('eth6', 'lan'), attachment('eth8', 'wan')]) {
      expect(await call(lab, 'ADD', conf, env)).toMatchObject({ code: 0 });
    }
    const valid = [{ containerID: 'c-eth6', ifname: 'eth6' }];
    const conf = confOf(lab, { 'cni.dev/valid-attachments': valid });
    expect(await call(lab, 'GC', conf)).toMatchObject(DONE);
    expect(await journals()).toEqual(['eth6.move', 'eth8.move']);
    for (const [also, env] of [attachment('eth6', 'lan'), attachment('eth8', 'wan')]) {
      expect(await call(lab, 'DEL', also, env)).toMatchObject(DONE);
    }
    expect(await nic.changes()).toEqual([]);
    for (const name of ['eth6', 'eth8']) await lab.hostIp('link', 'del', name);
  });

  it('VERSION tells what it speaks, in the version that it was asked with', async () => {
    const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];
    const { json } = await call(lab, 'VERSION', { cniVersion: '0.4.0' }, { CNI_NETNS: '', CNI_CONTAINERID: '' });
    expect(json).toEqual({ cniVersion: '0.4.0', supportedVersions });
  });

  it.each(sampled(['0.3.1', '0.4.0', '1.0.0', '1.1.0'], 3))(
    'its result has the form of version %s',
    async cniVersion => {
      await using nic = await makeNic(lab);
      const before = {
        cniVersion,
        interfaces: [{ name: 'eth0', sandbox: '/run/netns/x' }],
        ips: [{ ...(cniVersion < '1.0.0' && { version: '4' }), interface: 0, address: '10.5.0.2/16' }],
        routes: [{ dst: '0.0.0.0/0' }],
        dns: { nameservers: ['10.5.0.1'] },
      };
      const { json } = await call(lab, 'ADD', confOf(lab, { cniVersion, prevResult: before }));
      const ours = { name: 'net1', mac: await macIn('net1'), sandbox: `/run/netns/${lab.farNs}` };
      const interfaces = [...before.interfaces, { ...ours, ...(cniVersion === '1.1.0' && { mtu: 1400 }) }];
      expect(json).toEqual({ ...before, interfaces });
      expect(await call(lab, 'DEL', confOf(lab, { cniVersion, prevResult: json }))).toMatchObject(DONE);
      expect(await nic.changes()).toEqual([]);
    },
  );

  async function macIn(name: string): Promise<string> {
    return ((await linkIn(lab, lab.farNs, name)) as { address: string }).address;
  }

  describe('an error', () => {
    const expectError = ({ code, json, stderr }: Answer, error: number, words: RegExp): void => {
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(json).toMatchObject({ cniVersion: '1.1.0', code: error });
      const { msg, details = '', ...rest } = json as { msg: string; details?: string };
      expect(Object.keys(rest)).toEqual(['cniVersion', 'code']);
      expect(`${msg} ${details}`).toMatch(words);
    };

    it.each<[string, number, RegExp, Readonly<Record<string, unknown>> | string, Readonly<Record<string, string>>]>([
      ['a version that nobody speaks', 1, /2\.0\.0/, { cniVersion: '2.0.0' }, {}],
      ['no container', 4, /CNI_CONTAINERID/, {}, { CNI_CONTAINERID: '' }],
      ['a namespace that is gone', 4, /ENOENT.*still run/, {}, { CNI_NETNS: '/run/netns/gone' }],
      ['a file that is no namespace', 4, /no namespace/, {}, { CNI_NETNS: '/etc/hostname' }],
      [
        'a namespace of another kind',
        101,
        /no network namespace|ENOTTY|EINVAL/,
        {},
        { CNI_NETNS: '/proc/self/ns/uts' },
      ],
      ['the namespace of the host', 4, /runs in/, {}, { CNI_NETNS: '/proc/self/ns/net' }],
      ['what is no JSON', 6, /JSON/, '{"cniVersion": "1.1.0",', {}],
      ['a configuration without a device', 7, /device/, { device: '' }, {}],
      ['a state folder without a root', 7, /stateDir/, { stateDir: 'moves' }, {}],
      ['a device that is not there', 100, /eth99/, { device: 'eth99' }, {}],
      ['a name that is taken there', 101, /far0.*move-name-taken/, {}, { CNI_IFNAME: 'far0' }],
      ['the loopback link', 101, /move-link-stays/, { device: 'lo' }, {}],
      ['an IPAM plugin that is not there', 104, /no-such/, { ipam: { type: 'no-such' } }, {}],
    ])('of %s has code %i, and nothing is changed', async (_, code, words, conf, env) => {
      await using nic = await makeNic(lab);
      expectError(await call(lab, 'ADD', typeof conf === 'string' ? conf : confOf(lab, conf), env), code, words);
      expect(await nic.changes()).toEqual([]);
    });

    it('of a link that the host uses has code 101, and nothing is changed', async () => {
      await using nic = await makeNic(lab);
      await lab.hostIp('route', 'add', 'default', 'via', '10.55.0.9', 'metric', '9');
      expectError(await call(lab, 'ADD', confOf(lab)), 101, /default route.*move-link-in-use.*free it first/);
      await lab.hostIp('route', 'del', 'default', 'metric', '9');
      await lab.vsctl('add-br', 'br-x', '--', 'set', 'bridge', 'br-x', 'datapath_type=netdev');
      await lab.vsctl('add-port', 'br-x', NIC);
      expectError(await call(lab, 'ADD', confOf(lab)), 101, /port of the Open vSwitch bridge br-x/);
      await lab.vsctl('del-br', 'br-x');
      expect(await nic.changes()).toEqual([]);
    });

    it('of another ovs-uplink at work has code 11, and the plugin ends though that does not let go', async () => {
      await using nic = await makeNic(lab);
      const argv = ['flock', join(lab.stateDir, 'lock'), 'sh', '-c', 'echo held; exec sleep 600'];
      const holder = lab.spawn(lab.hostNs, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
      await new Promise(resolve => holder.stdout?.once('data', resolve));
      expectError(await call(lab, 'ADD', confOf(lab)), 11, /does not let go/);
      holder.kill('SIGKILL');
      expect(await nic.changes()).toEqual([]);
    });

    it('of a journal that cannot be read is told, for it may be of this container', async () => {
      await using nic = await makeNic(lab);
      const journal = join(lab.stateDir, 'eth9.move');
      await writeFile(journal, 'spoiled\n');
      for (const command of ['ADD', 'DEL']) {
        expectError(await call(lab, command, confOf(lab)), 107, /cannot read the journal \(.*eth9\.move\)/);
      }
      expect(await nic.changes()).toEqual([]);
    });
  });

  it('a half package says so to the runtime', async () => {
    const copy = join(lab.dir, 'copied-plugin');
    await writeFile(copy, '#!/bin/sh\nexit 1\n');
    await lab.run(lab.hostNs, ['cp', new URL('../../bin/ovs-uplink-host-device', import.meta.url).pathname, copy]);
    await chmod(copy, 0o755);
    const { stdout, code } = await lab.run(lab.hostNs, [copy], { env: envOf(lab, 'ADD') });
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { code: 107, details: expect.stringContaining('symbolic') }]);
  });
});
