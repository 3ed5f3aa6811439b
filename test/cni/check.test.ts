import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Address, IFA_F_DADFAILED, IFA_F_TENTATIVE } from '../../src/domain/address.ts';
import { IFF_UP, type Link } from '../../src/domain/link.ts';
import type { Route } from '../../src/domain/route.ts';
import { answering, type Bench, createBench, NETNS, netConf } from './plugin-bench.ts';

const RESULT = {
  ips: [{ address: '10.1.0.5/16', gateway: '10.1.0.1' }, { address: 'FD00::0:5/64' }],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '10.7.0.0/16', gw: '10.1.0.9', table: 100 }],
};

let bench: Bench;
let prevResult: { interfaces: Record<string, unknown>[]; ips: unknown[]; routes: unknown[] };
beforeEach(async () => {
  bench = await createBench();
  await bench.install('pool', answering(RESULT));
  prevResult = (await bench.run('ADD', config())).json as typeof prevResult;
});
afterEach(() => bench[Symbol.asyncDispose]());

function config(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return netConf({ ipam: { type: 'pool' }, ...more });
}

const check = () => bench.run('CHECK', config({ prevResult }));
const place = () => bench.mover.at(NETNS);

function changeLink(change: Partial<Link>): void {
  place().links = place().links.map(link => ({ ...link, ...change }));
}

function changeAddress(at: number, change: Partial<Address>): void {
  place().addresses = place().addresses.map((address, i) => (i === at ? { ...address, ...change } : address));
}

function changeRoute(destination: string, change: Partial<Route>): void {
  place().routes = place().routes.map(route => (route.destination === destination ? { ...route, ...change } : route));
}

describe('CHECK', () => {
  it('succeeds right after ADD, says nothing, and asks IPAM', async () => {
    expect(await check()).toMatchObject({ exitCode: 0, text: '' });
    expect(await bench.calls()).toBe('ADD CHECK');
  });

  it('passes the error of IPAM on', async () => {
    await bench.install('pool', `echo '{"code": 100, "msg": "not reserved"}'; exit 1`);
    expect((await check()).json).toMatchObject({ code: 100, msg: 'IPAM plugin pool: not reserved' });
  });

  it.each([
    ['the link is down', () => changeLink({ flags: 0 }), 'expected up, got down'],
    [
      'it has another MAC',
      () => changeLink({ mac: '02:00:00:00:00:09' }),
      'expected MAC 52:54:00:00:00:01, got 02:00:00:00:00:09',
    ],
    ['the link is gone', () => place().links.pop(), 'got none of that name'],
    ['an address is gone', () => place().addresses.pop(), 'expected address FD00::0:5/64'],
    [
      'it has the address with another prefix',
      () => changeAddress(0, { prefixLength: 24 }),
      'expected address 10.1.0.5/16',
    ],
    [
      'an address is used twice',
      () => changeAddress(1, { flags: IFA_F_DADFAILED | IFA_F_TENTATIVE }),
      'on another host',
    ],
    ['the default route is gone', () => changeRoute('0.0.0.0/0', { type: 7 }), 'expected route 0.0.0.0/0'],
    [
      'a route has another next hop',
      () => changeRoute('10.7.0.0/16', { nexthops: [] }),
      'expected route 10.7.0.0/16 via 10.1.0.9',
    ],
    [
      'a route with a table of its own is in another',
      () => changeRoute('10.7.0.0/16', { table: 7 }),
      'expected route 10.7.0.0/16',
    ],
    ['the engine knows nothing of the move', () => bench.mover.journal.pop(), 'DEL could not bring it home'],
  ])('fails when %s', async (_title, change, details) => {
    change();
    expect(await check()).toMatchObject({
      exitCode: 1,
      json: { code: 106, details: expect.stringContaining(details) },
    });
  });

  it('takes what a later plugin of the chain has changed and reported', async () => {
    changeLink({ mac: '02:00:00:00:00:09', mtu: 1400, flags: IFF_UP });
    prevResult.interfaces[0]!['mac'] = '02:00:00:00:00:09';
    prevResult.interfaces.push({ name: 'other', sandbox: NETNS });
    prevResult.ips.push({ address: '192.0.2.1/24', interface: 1 });
    expect((await check()).exitCode).toBe(0);
  });

  it('takes a route without a table in any: a VRF moves them', async () => {
    changeRoute('0.0.0.0/0', { table: 10 });
    expect((await check()).exitCode).toBe(0);
  });

  it('takes an address that is still tentative', async () => {
    changeAddress(1, { flags: IFA_F_TENTATIVE });
    expect((await check()).exitCode).toBe(0);
  });

  it('says of a namespace that is gone that the environment is wrong', async () => {
    const ran = await bench.run('CHECK', config({ prevResult }), { CNI_NETNS: '/run/netns/gone' });
    expect(ran.json).toMatchObject({ code: 4, msg: 'invalid environment: CNI_NETNS' });
  });

  it('needs the result of the ADD', async () => {
    const ran = await bench.run('CHECK', config());
    expect(ran.json).toMatchObject({ code: 7, msg: expect.stringContaining('prevResult') });
  });

  it('needs the interface in it', async () => {
    prevResult.interfaces[0]!['sandbox'] = '/run/netns/other';
    const { json } = await check();
    expect(json).toMatchObject({ code: 7, details: expect.stringContaining('net1 in /run/netns/other') });
  });

  it('is not spoken before 0.4.0', async () => {
    const ran = await bench.run('CHECK', config({ prevResult, cniVersion: '0.3.1' }));
    expect(ran.json).toMatchObject({
      code: 1,
      details: expect.stringContaining('expected 0.4.0, 1.0.0, 1.1.0, got "0.3.1"'),
    });
  });
});
