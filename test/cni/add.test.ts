import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uplinkError } from '../../src/errors.ts';
import { answering, type Bench, createBench, ETH1, IPAM_RESULT, NETNS, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

const IPAM = { ipam: { type: 'pool', subnet: '10.1.0.0/16' } };
const OURS = { name: 'net1', mac: ETH1.mac, mtu: 1500, pciID: '0000:00:05.0', sandbox: NETNS };

describe('ADD without IPAM', () => {
  it('moves the device and reports its interface', async () => {
    expect(await bench.run('ADD', netConf())).toMatchObject({
      exitCode: 0,
      json: { cniVersion: '1.1.0', interfaces: [OURS], ips: [], routes: [] },
    });
    expect(bench.mover.at(NETNS).links.map(link => link.name)).toEqual(['net1']);
    expect(bench.mover.closed).toBe(1);
  });

  it('says the DNS settings of the configuration', async () => {
    const { json } = await bench.run('ADD', netConf({ dns: { nameservers: ['10.9.0.53'], search: ['lan'] } }));
    expect(json).toMatchObject({ dns: { nameservers: ['10.9.0.53'], search: ['lan'] } });
  });

  it('leaves out DNS settings that are empty', async () => {
    expect((await bench.run('ADD', netConf({ dns: { nameservers: [] } }))).json).not.toHaveProperty('dns');
  });

  it('refuses a second ADD for the same container and name', async () => {
    await bench.run('ADD', netConf());
    const ran = await bench.run('ADD', netConf({ device: 'eth0' }));
    expect(ran).toMatchObject({ exitCode: 1, json: { code: 101, msg: expect.stringContaining('net1 of c1') } });
    expect(bench.mover.home.map(link => link.name)).toEqual(['eth0']);
  });

  it('says who has a device that is away', async () => {
    await bench.run('ADD', netConf());
    const ran = await bench.run('ADD', netConf(), { CNI_CONTAINERID: 'c2' });
    expect(ran.json).toMatchObject({
      code: 100,
      details: expect.stringContaining('eth1, which is net1 of container c1'),
    });
  });

  it('is an error where the container has a link of that name', async () => {
    await bench.run('ADD', netConf());
    const ran = await bench.run('ADD', netConf({ name: 'wan', device: 'eth0' }));
    expect(ran.json).toMatchObject({ code: 101, details: expect.stringContaining('EEXIST') });
    expect(bench.mover.home.map(link => link.name)).toEqual(['eth0']);
  });
});

describe('ADD with IPAM', () => {
  it('puts addresses and routes on the link and reports them', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    expect(await bench.run('ADD', netConf(IPAM))).toMatchObject({
      exitCode: 0,
      json: {
        cniVersion: '1.1.0',
        interfaces: [OURS],
        ips: [{ address: '10.1.0.5/16', gateway: '10.1.0.1', interface: 0 }],
        routes: [{ dst: '0.0.0.0/0' }],
        dns: { nameservers: ['10.1.0.1'] },
      },
    });
    expect(bench.mover.wanted).toEqual([
      {
        addresses: [{ family: 4, local: '10.1.0.5', prefixLength: 16 }],
        routes: [
          {
            family: 4,
            table: 254,
            scope: 0,
            destination: '0.0.0.0/0',
            priority: null,
            metrics: {},
            gateway: '10.1.0.1',
          },
        ],
      },
    ]);
    expect(await bench.calls()).toBe('ADD');
  });

  it('runs the plugin with its own environment and the configuration byte for byte', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    const text = JSON.stringify(netConf({ ...IPAM, x: '\u00e9' }), null, 3);
    await bench.run('ADD', text, { CNI_ARGS: 'IP=10.1.0.5;K8S_POD_NAME=p' });
    expect(await bench.read('input')).toBe(text);
    const environment = (await bench.read('environment')).split('\n');
    expect(environment).toEqual(
      expect.arrayContaining([
        'CNI_COMMAND=ADD',
        'CNI_CONTAINERID=c1',
        `CNI_NETNS=${NETNS}`,
        'CNI_IFNAME=net1',
        'CNI_ARGS=IP=10.1.0.5;K8S_POD_NAME=p',
      ]),
    );
  });

  it('moves the link first: a DHCP client needs it', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    await bench.run('ADD', netConf(IPAM));
    expect(bench.mover.calls).toEqual(['recover', 'move eth1 to net1', 'configure net1']);
  });

  it('reads all that a route may say, in both families', async () => {
    const ips = [{ address: '10.1.0.5/16' }, { address: 'FD00:0::5/64', gateway: 'fd00::1' }];
    const routes = [
      { dst: '10.2.3.4/16', gw: '10.1.0.9', mtu: 1400, advmss: 1360, priority: 7, table: 100, scope: 0 },
      { dst: '192.0.2.0/24', gw: '', priority: 0, table: 0, mtu: 0 },
      { dst: '::/0' },
    ];
    await bench.install('pool', answering({ ips, routes }));
    expect((await bench.run('ADD', netConf(IPAM))).exitCode).toBe(0);
    expect(bench.mover.wanted[0]).toEqual({
      addresses: [
        { family: 4, local: '10.1.0.5', prefixLength: 16 },
        { family: 6, local: 'fd00::5', prefixLength: 64 },
      ],
      routes: [
        {
          family: 4,
          destination: '10.2.0.0/16',
          gateway: '10.1.0.9',
          metrics: { 2: 1400, 8: 1360 },
          priority: 7,
          table: 100,
          scope: 0,
        },
        { family: 4, destination: '192.0.2.0/24', gateway: null, metrics: {}, priority: null, table: 254, scope: 253 },
        { family: 6, destination: '::/0', gateway: 'fd00::1', metrics: {}, priority: null, table: 254, scope: 0 },
      ],
    });
  });

  it('prefers the DNS settings of the configuration', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    const { json } = await bench.run('ADD', netConf({ ...IPAM, dns: { domain: 'lan' } }));
    expect(json).toMatchObject({ dns: { domain: 'lan' } });
  });

  it('has none where ipam has no type', async () => {
    for (const ipam of [{}, { type: '' }, null]) {
      expect((await bench.run('ADD', netConf({ ipam }))).exitCode).toBe(0);
      await bench.run('DEL', netConf());
    }
  });
});

describe('ADD later in a chain', () => {
  it('adds its own to what the chain has come to', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    const prevResult = {
      cniVersion: '1.1.0',
      interfaces: [{ name: 'eth0', mac: '00:00:5e:00:53:01', sandbox: NETNS, 'x-of-another': 1 }],
      ips: [{ address: '10.0.0.2/24', interface: 0 }],
      routes: [{ dst: '10.0.0.0/8' }],
      dns: { nameservers: ['10.0.0.53'] },
    };
    const { json } = await bench.run('ADD', netConf({ ipam: { type: 'pool' }, prevResult }));
    expect(json).toMatchObject({
      interfaces: [prevResult.interfaces[0], OURS],
      ips: [prevResult.ips[0], { address: '10.1.0.5/16', interface: 1 }],
      routes: [{ dst: '10.0.0.0/8' }, { dst: '0.0.0.0/0' }],
      dns: { nameservers: ['10.1.0.1'] },
    });
  });

  it('passes the DNS settings on where it has none of its own', async () => {
    const { json } = await bench.run('ADD', netConf({ prevResult: { dns: { domain: 'before' } } }));
    expect(json).toMatchObject({ interfaces: [OURS], dns: { domain: 'before' } });
  });
});

describe('an ADD that fails', () => {
  const failing = `[ "$CNI_COMMAND" != ADD ] || { echo '{"code": 11, "msg": "no address left", "details": "all in use"}'; exit 1; }`;

  it('passes the error of IPAM on, lets it clean up and brings the link home', async () => {
    await bench.install('pool', failing);
    expect(await bench.run('ADD', netConf(IPAM))).toMatchObject({
      exitCode: 1,
      json: { cniVersion: '1.1.0', code: 11, msg: 'IPAM plugin pool: no address left', details: 'all in use' },
    });
    expect(await bench.calls()).toBe('ADD DEL');
    expect(bench.mover.home).toContainEqual(ETH1);
    expect(bench.mover.journal).toEqual([]);
  });

  it('gives the addresses back when they cannot be put on the link', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    bench.mover.faults.configure = { code: 'NETLINK_REFUSED', what: 'cannot add address', errnoName: 'EACCES' };
    const ran = await bench.run('ADD', netConf(IPAM));
    expect(ran.json).toMatchObject({ code: 105, details: expect.stringContaining('EACCES') });
    expect(await bench.calls()).toBe('ADD DEL');
    expect(bench.mover.home).toContainEqual(ETH1);
  });

  it('gives them back, too, when the link has vanished since', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    bench.mover.faults.vanishes = true;
    expect((await bench.run('ADD', netConf(IPAM))).json).toMatchObject({ code: 102 });
    expect(await bench.calls()).toBe('ADD DEL');
  });

  it('says all that failed, the link that cannot go home first', async () => {
    await bench.install('pool', `echo '{"code": 7, "msg": "broken pool"}'; exit 1`);
    bench.mover.faults.return = { result: 'stranded', failure: { code: 'LINK_GONE', what: 'the link is nowhere' } };
    const { json } = await bench.run('ADD', netConf(IPAM));
    expect(json).toMatchObject({ code: 103, msg: 'the link is nowhere' });
    expect((json as { details: string }).details.match(/broken pool/g)).toHaveLength(2);
  });

  it.each([
    ['refused', 101],
    ['restored', 102],
    ['stranded', 103],
  ] as const)('by a move that ends %s has code %i and asks IPAM nothing', async (result, code) => {
    await bench.install('pool', answering(IPAM_RESULT));
    bench.mover.faults.move = {
      result,
      failure: { code: 'NETLINK_REFUSED', what: 'no', object: 'eth1', errnoName: 'EBUSY' },
    };
    const ran = await bench.run('ADD', netConf(IPAM));
    expect(ran.json).toMatchObject({ code, msg: 'no (eth1)', details: expect.stringContaining('EBUSY') });
    expect(await bench.calls()).toBe('');
    expect(bench.mover.calls).toEqual(['recover', 'move eth1 to net1']);
  });

  it('by a lock that another holds is to be tried again', async () => {
    bench.mover.faults.move = { result: 'refused', failure: { code: 'LOCK_HELD', what: 'another works on this host' } };
    expect((await bench.run('ADD', netConf())).json).toMatchObject({ code: 11 });
    bench.mover.faults.open = uplinkError('LOCK_HELD', { what: 'another works on this host' });
    expect((await bench.run('ADD', netConf())).json).toMatchObject({ code: 11 });
  });

  it('by an engine that does not work says why', async () => {
    bench.mover.faults.open = uplinkError('JOURNAL_UNREADABLE', { what: 'cannot read the journal', advice: 'see it' });
    expect((await bench.run('ADD', netConf())).json).toMatchObject({ code: 107, msg: 'cannot read the journal' });
    bench.mover.faults.open = new TypeError('x is not a function');
    expect((await bench.run('ADD', netConf())).json).toMatchObject({ code: 999 });
  });

  it('by an IPAM plugin that is not there has moved nothing', async () => {
    const ran = await bench.run('ADD', netConf(IPAM));
    expect(ran.json).toMatchObject({ code: 104, msg: 'the IPAM plugin is not there (pool)' });
    expect(bench.mover.calls).toEqual([]);
    const noPath = await bench.run('ADD', netConf(IPAM), { CNI_PATH: '' });
    expect(noPath.json).toMatchObject({ code: 4, msg: 'invalid environment: CNI_PATH' });
  });
});
