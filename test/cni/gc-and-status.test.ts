import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uplinkError } from '../../src/errors.ts';
import { link } from '../domain/precheck/hosts.ts';
import { answering, type Bench, createBench, ETH1, IPAM_RESULT, netConf, OTHER_NETNS } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

const VALID = 'cni.dev/valid-attachments';
const IPAM = { ipam: { type: 'pool' } };

describe('GC', () => {
  beforeEach(async () => {
    bench.mover.home.push(
      link({ index: 9, name: 'eth2', mac: '52:54:00:00:00:02', permanentMac: '52:54:00:00:00:02' }),
    );
    await bench.run('ADD', netConf());
    await bench.run('ADD', netConf({ device: 'eth0' }), { CNI_CONTAINERID: 'c2', CNI_NETNS: OTHER_NETNS });
    await bench.run('ADD', netConf({ name: 'wan', device: 'eth2' }), { CNI_IFNAME: 'net2' });
  });
  const kept = () => bench.mover.journal.map(({ attachment: a }) => `${a.network} ${a.containerId} ${a.ifname}`);
  const gc = (valid: unknown, more = {}) =>
    bench.run('GC', netConf({ ...more, [VALID]: valid }), { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined });

  it('brings home what is not valid any more, of its own network only', async () => {
    expect(await gc([{ containerID: 'c2', ifname: 'net1' }])).toMatchObject({ exitCode: 0, text: '' });
    expect(kept()).toEqual(['lan c2 net1', 'wan c1 net2']);
    expect(bench.mover.home).toEqual([ETH1]);
  });

  it('tells links of one container apart by their names', async () => {
    await gc([
      { containerID: 'c1', ifname: 'net2' },
      { containerID: 'c2', ifname: 'net1' },
    ]);
    expect(kept()).toEqual(['lan c2 net1', 'wan c1 net2']);
  });

  it('succeeds a second time', async () => {
    await gc([]);
    expect(await gc([])).toMatchObject({ exitCode: 0, text: '' });
    expect(kept()).toEqual(['wan c1 net2']);
  });

  it('takes null for an empty list, as Go writes it', async () => {
    expect((await gc(null)).exitCode).toBe(0);
    expect(kept()).toEqual(['wan c1 net2']);
  });

  it('touches no link when it is not told which are valid, as libcni does without a list', async () => {
    expect(await bench.run('GC', netConf())).toMatchObject({ exitCode: 0, text: '' });
    expect(kept()).toHaveLength(3);
  });

  it('touches nothing by a list that cannot be read', async () => {
    expect((await gc([{ containerID: '../x', ifname: 'net1' }])).json).toMatchObject({
      code: 7,
      msg: expect.stringContaining(`${VALID}.0.containerID`),
    });
    expect(kept()).toHaveLength(3);
  });

  it('goes on after an error, lets IPAM do its part, and reports every error', async () => {
    await bench.install('pool', `echo '{"code": 5, "msg": "store is gone"}'; exit 1`);
    bench.mover.faults.return = { result: 'refused', failure: { code: 'LINK_GONE', what: 'the link is nowhere' } };
    const { json } = await gc([], IPAM);
    expect(json).toMatchObject({ code: 101, msg: 'the link is nowhere' });
    const { details } = json as { details: string };
    expect(details.match(/nowhere/g)).toHaveLength(2);
    expect(details).toContain('store is gone');
    expect(bench.mover.calls.filter(call => call.startsWith('return'))).toHaveLength(2);
    expect(await bench.calls()).toBe('GC');
  });
});

describe('STATUS', () => {
  const status = (config: unknown) =>
    bench.run('STATUS', config, { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '' });

  it('is fine when the engine, the device and IPAM are there', async () => {
    await bench.install('pool', answering(IPAM_RESULT));
    expect(await status(netConf(IPAM))).toMatchObject({ exitCode: 0, text: '' });
    expect(await bench.calls()).toBe('STATUS');
  });

  it('does not look for a device that the runtime will pick', async () => {
    const { device: _device, ...rest } = netConf();
    expect((await status(rest)).exitCode).toBe(0);
  });

  it('is not available without the device', async () => {
    const ran = await status(netConf({ device: 'eth7' }));
    expect(ran.json).toMatchObject({ code: 50, msg: expect.stringContaining('eth7') });
  });

  it('is not available while a container has the device', async () => {
    await bench.run('ADD', netConf());
    expect((await status(netConf())).json).toMatchObject({
      code: 50,
      details: expect.stringContaining('container c1'),
    });
  });

  it('is not available without the engine', async () => {
    bench.mover.faults.open = uplinkError('UNSUPPORTED', { what: 'this kernel cannot move links' });
    expect((await status(netConf())).json).toMatchObject({ code: 50, msg: 'this kernel cannot move links' });
  });

  it('is what IPAM says it is', async () => {
    await bench.install('pool', `echo '{"code": 51, "msg": "no DHCP server"}'; exit 1`);
    expect((await status(netConf(IPAM))).json).toMatchObject({ code: 51 });
  });

  it.each(['GC', 'STATUS'])('and %s are not spoken before 1.1.0', async command => {
    expect((await bench.run(command, netConf({ cniVersion: '1.0.0' }))).json).toMatchObject({ code: 1 });
  });
});
