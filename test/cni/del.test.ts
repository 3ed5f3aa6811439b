import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering, type Bench, createBench, ETH1, IPAM_RESULT, NETNS, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

const IPAM = { ipam: { type: 'pool' } };
const DONE = { exitCode: 0, text: '' };

describe('DEL', () => {
  it('gives the addresses back, then brings the link home, and says nothing', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    await bench.run('ADD', netConf(IPAM));
    expect(await bench.run('DEL', netConf(IPAM))).toMatchObject(DONE);
    expect(await bench.calls()).toBe('ADD DEL');
    expect(bench.mover.home).toContainEqual(ETH1);
  });

  it('succeeds a second time', async () => {
    await bench.run('ADD', netConf());
    expect(await bench.run('DEL', netConf())).toMatchObject(DONE);
    expect(await bench.run('DEL', netConf())).toMatchObject(DONE);
  });

  it('succeeds for a container that nobody knows', async () => {
    expect(await bench.run('DEL', netConf(), { CNI_CONTAINERID: 'unknown' })).toMatchObject(DONE);
  });

  it.each([
    ['no CNI_NETNS', undefined],
    ['an empty CNI_NETNS', ''],
    ['a namespace that is gone', '/run/netns/gone'],
    ['a path that is none', 'gone'],
  ])('brings the link home with %s', async (_title, netns) => {
    await bench.run('ADD', netConf());
    expect(await bench.run('DEL', netConf(), { CNI_NETNS: netns })).toMatchObject(DONE);
    expect(bench.mover.home).toContainEqual(ETH1);
  });

  it('brings home a link that the container has renamed', async () => {
    await bench.run('ADD', netConf());
    const { links } = bench.mover.at(NETNS);
    links[0] = { ...links[0]!, name: 'renamed' };
    expect(await bench.run('DEL', netConf())).toMatchObject(DONE);
    expect(bench.mover.home).toContainEqual(ETH1);
    expect(links).toEqual([]);
  });

  it('leaves the other links of the container, and those of other containers', async () => {
    await bench.run('ADD', netConf());
    await bench.run('ADD', netConf({ device: 'eth0' }), { CNI_IFNAME: 'net2' });
    await bench.run('DEL', netConf());
    expect(bench.mover.journal.map(moved => moved.attachment.ifname)).toEqual(['net2']);
  });

  it('needs no key of the configuration that names the device, and no prevResult', async () => {
    await bench.run('ADD', netConf());
    const { device: _device, ...rest } = netConf({ pciBusID: 'nonsense', prevResult: 'nonsense' });
    expect(await bench.run('DEL', rest)).toMatchObject(DONE);
    expect(bench.mover.home).toContainEqual(ETH1);
  });

  it('brings the link home also when IPAM fails, and then says so', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    await bench.run('ADD', netConf(IPAM));
    await bench.install('pool', `echo '{"code": 5, "msg": "store is gone"}'; exit 1`);
    expect((await bench.run('DEL', netConf(IPAM))).json).toMatchObject({
      code: 5,
      msg: 'IPAM plugin pool: store is gone',
    });
    expect(bench.mover.home).toContainEqual(ETH1);
  });

  it('brings the link home also when the IPAM plugin is gone', async () => {
    await bench.run('ADD', netConf());
    expect((await bench.run('DEL', netConf(IPAM))).json).toMatchObject({ code: 104 });
    expect(bench.mover.home).toContainEqual(ETH1);
  });

  it('says of a link that is stranded what the engine says', async () => {
    bench.mover.faults.return = {
      result: 'stranded',
      failure: { code: 'STATE_DIFFERS', what: 'another link has its name', object: 'eth1', advice: 'rename that one' },
    };
    const ran = await bench.run('DEL', netConf());
    expect(ran).toMatchObject({
      exitCode: 1,
      json: { code: 103, msg: 'another link has its name (eth1)', details: expect.stringContaining('rename that one') },
    });
  });

  it('says first that the link is stranded, then what IPAM says', async () => {
    const failure = { code: 'STATE_DIFFERS', what: 'another link has its name', object: 'eth1' } as const;
    bench.mover.faults.return = { result: 'stranded', failure };
    await bench.install('pool', `echo '{"code": 5, "msg": "store is gone"}'; exit 1`);
    expect((await bench.run('DEL', netConf(IPAM))).json).toMatchObject({
      code: 103,
      msg: 'another link has its name (eth1)',
      details: 'another link has its name (eth1) (STATE_DIFFERS) | IPAM plugin pool: store is gone',
    });
  });

  it('is no success while the link is in use still', async () => {
    bench.mover.faults.return = { result: 'inUse', failure: null };
    expect((await bench.run('DEL', netConf())).json).toMatchObject({ code: 102 });
  });
});
