import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NUD_FAILED, NUD_NOARP, NUD_PERMANENT, NUD_REACHABLE, NUD_STALE } from '../../src/domain/neighbour.ts';
import { type Netlink, openNetlink } from '../../src/netlink/index.ts';
import { type ProbeClient, probeNeighbour } from '../../src/netlink/probe-neighbour.ts';
import { canMakeNamespaces, createPair, failureOf } from './netns-lab.ts';

describe.skipIf(!canMakeNamespaces)('probing a neighbour', () => {
  let pair: ReturnType<typeof createPair>;
  let netlink: Netlink;
  let linkIndex: number;
  let peerMac: string;
  beforeAll(async () => {
    pair = createPair();
    // Faster verdicts: what is tested is who answers, not the kernel's patience.
    for (const family of ['ipv4', 'ipv6']) {
      pair.a.exec('sysctl', '-qw', `net.${family}.neigh.a0.retrans_time_ms=300`);
    }
    netlink = openNetlink({ netnsPath: pair.a.path });
    linkIndex = (await netlink.linkByName('a0'))!.index;
    await using peer = openNetlink({ netnsPath: pair.b.path });
    peerMac = (await peer.linkByName('b0'))!.mac!;
  });
  afterAll(async () => {
    await netlink?.close();
    pair?.remove();
  });
  const entry = async (address: string) =>
    (await netlink.neighbours({ linkIndex })).find(one => one.address === address);
  const timeoutMs = 10_000;

  test.each(['10.77.0.2', 'fd77::2', 'FD77:0::2'])('%s answers, whatever the kernel knew before', async address => {
    const canonical = address.toLowerCase().replace('fd77:0:', 'fd77:');
    const family = address.includes(':') ? (6 as const) : (4 as const);
    const reachable = { reachable: true, mac: peerMac };
    if ((await entry(canonical)) !== undefined) await netlink.removeNeighbour({ family, linkIndex, address, flags: 0 });
    expect(await netlink.probeNeighbour({ linkIndex, address }, { timeoutMs })).toEqual(reachable);
    expect((await entry(canonical))!.state).toBe(NUD_REACHABLE);
    // Known and reachable: asked again all the same.
    expect(await netlink.probeNeighbour({ linkIndex, address }, { timeoutMs })).toEqual(reachable);
    await netlink.setNeighbour({
      family,
      linkIndex,
      address,
      mac: peerMac,
      state: NUD_STALE,
      flags: 0,
      protocol: null,
    });
    expect(await netlink.probeNeighbour({ linkIndex, address }, { timeoutMs })).toEqual(reachable);
  });

  test.each(['10.77.0.99', 'fd77::99'])('%s does not answer', async address => {
    expect(await netlink.probeNeighbour({ linkIndex, address }, { timeoutMs })).toEqual({
      reachable: false,
      mac: null,
    });
    expect((await entry(address))?.state).toBe(NUD_FAILED);
    // And again from FAILED.
    expect((await netlink.probeNeighbour({ linkIndex, address }, { timeoutMs })).reachable).toBe(false);
  });

  test('a neighbour that got another hardware address is found by broadcast', async () => {
    const address = '10.77.0.2';
    await netlink.setNeighbour({
      family: 4,
      linkIndex,
      address,
      mac: '02:de:ad:00:00:01',
      state: NUD_REACHABLE,
      flags: 0,
      protocol: null,
    });
    expect(await netlink.probeNeighbour({ linkIndex, address }, { timeoutMs })).toEqual({
      reachable: true,
      mac: peerMac,
    });
  });

  test('a neighbour that fell silent is not taken for reachable because it was so before', async () => {
    expect((await netlink.probeNeighbour({ linkIndex, address: '10.77.0.2' }, { timeoutMs })).reachable).toBe(true);
    pair.b.ip('addr', 'del', '10.77.0.2/24', 'dev', 'b0');
    expect((await netlink.probeNeighbour({ linkIndex, address: '10.77.0.2' }, { timeoutMs })).reachable).toBe(false);
    pair.b.ip('addr', 'add', '10.77.0.2/24', 'dev', 'b0');
    expect((await netlink.probeNeighbour({ linkIndex, address: '10.77.0.2' }, { timeoutMs })).reachable).toBe(true);
  });

  test('a permanent entry is refused and left as it was', async () => {
    const permanent = {
      family: 4,
      linkIndex,
      address: '10.77.0.50',
      mac: '02:00:00:00:00:50',
      state: NUD_PERMANENT,
      flags: 0,
      protocol: null,
    } as const;
    await netlink.setNeighbour(permanent);
    expect(await failureOf(netlink.probeNeighbour(permanent, { timeoutMs }))).toMatchObject({
      code: 'UNSUPPORTED',
      object: '10.77.0.50',
    });
    expect(await entry('10.77.0.50')).toEqual(permanent);
    const noarp = { ...permanent, address: '10.77.0.51', state: NUD_NOARP };
    await netlink.setNeighbour(noarp);
    expect((await failureOf(netlink.probeNeighbour(noarp, { timeoutMs }))).code).toBe('UNSUPPORTED');
  });

  test('the time limit ends it with a verdict, the signal with its reason', async () => {
    expect(await netlink.probeNeighbour({ linkIndex, address: '10.77.0.98' }, { timeoutMs: 20 })).toEqual({
      reachable: false,
      mac: null,
    });
    const abort = new AbortController();
    const probe = netlink.probeNeighbour({ linkIndex, address: '10.77.0.97' }, { timeoutMs, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(probe).rejects.toThrow('enough');
    await expect(
      netlink.probeNeighbour({ linkIndex, address: '10.77.0.97' }, { timeoutMs, signal: abort.signal }),
    ).rejects.toThrow('enough');
  });

  test.each(['10.77.0.96', 'fd77::96'])(
    'an abort or the time limit counts while dumps still wait; nothing is changed after it (%s)',
    async address => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', note);
      try {
        // The real client, whose dumps begin when the gate opens: after the end of the probe.
        const gate = Promise.withResolvers<void>();
        const dumps: Promise<unknown>[] = [];
        const late = <T>(dump: () => Promise<T>): Promise<T> => {
          const answer = gate.promise.then(dump);
          dumps.push(answer);
          return answer;
        };
        const client: ProbeClient = {
          ...netlink,
          sendFrame: () => expect.unreachable('a frame was sent'),
          neighbours: filter => late(() => netlink.neighbours(filter)),
          addresses: filter => late(() => netlink.addresses(filter)),
        };
        const abort = new AbortController();
        const aborted = probeNeighbour(client, { linkIndex, address }, { timeoutMs, signal: abort.signal });
        const timedOut = probeNeighbour(client, { linkIndex, address }, { timeoutMs: 5 });
        abort.abort(new Error('enough'));
        await expect(aborted).rejects.toThrow('enough');
        expect(await timedOut).toEqual({ reachable: false, mac: null });
        gate.resolve();
        // Dumps may start further ones.
        for (let i = 0; i < dumps.length; i++) await dumps[i];
        await new Promise(resolve => setImmediate(resolve));
      } finally {
        process.off('unhandledRejection', note);
      }
      expect(unhandled).toEqual([]);
      expect(await entry(address)).toBeUndefined();
    },
  );
});
