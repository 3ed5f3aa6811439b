import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering, type Bench, createBench, NETNS, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

const ipam = { type: 'pool' };
const dual = (version: (family: string) => object) => [
  { ...version('4'), address: '10.1.0.5/16', gateway: '10.1.0.1' },
  { ...version('6'), address: 'fd00::5/64', gateway: 'fd00::1' },
];

describe('a result', () => {
  it.each(['0.3.0', '0.3.1', '0.4.0'])(
    'says the family of each address in %s, and neither MTU nor PCI address',
    async cniVersion => {
      await bench.install('pool', answering({ cniVersion, ips: dual(version => ({ version })), dns: {} }));
      expect((await bench.run('ADD', netConf({ cniVersion, ipam }))).json).toEqual({
        cniVersion,
        interfaces: [{ name: 'net1', mac: '52:54:00:00:00:01', sandbox: NETNS }],
        ips: dual(version => ({ version })).map(ip => ({ ...ip, interface: 0 })),
        routes: [],
      });
    },
  );

  it('says neither in 1.0.0', async () => {
    await bench.install('pool', answering({ cniVersion: '1.0.0', ips: dual(() => ({})) }));
    expect((await bench.run('ADD', netConf({ cniVersion: '1.0.0', ipam }))).json).toEqual({
      cniVersion: '1.0.0',
      interfaces: [{ name: 'net1', mac: '52:54:00:00:00:01', sandbox: NETNS }],
      ips: dual(() => ({})).map(ip => ({ ...ip, interface: 0 })),
      routes: [],
    });
  });

  it('is converted from that of an IPAM plugin of another version', async () => {
    await bench.install('pool', answering({ cniVersion: '0.3.1', ips: dual(version => ({ version })) }));
    const { json } = await bench.run('ADD', netConf({ ipam }));
    expect(json).toMatchObject({ cniVersion: '1.1.0', ips: dual(() => ({})) });
    expect(JSON.stringify(json)).not.toContain('"version"');
  });

  it('is converted from a prevResult of another version', async () => {
    const prevResult = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'eth0' }],
      ips: [{ address: '10.0.0.2/24', interface: 0 }],
    };
    expect((await bench.run('ADD', netConf({ cniVersion: '0.4.0', prevResult }))).json).toMatchObject({
      cniVersion: '0.4.0',
      ips: [{ version: '4', address: '10.0.0.2/24', interface: 0 }],
    });
  });

  it('keeps what a route says beyond its version: CHECK needs its table', async () => {
    const routes = [{ dst: '10.7.0.0/16', table: 100 }];
    await bench.install('pool', answering({ ips: [{ version: '4', address: '10.1.0.5/16' }], routes }));
    expect((await bench.run('ADD', netConf({ cniVersion: '0.4.0', ipam }))).json).toMatchObject({ routes });
  });
});
