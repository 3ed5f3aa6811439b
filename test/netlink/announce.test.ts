import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NUD_STALE } from '../../src/domain/neighbour.ts';
import { gratuitousArpFrame, unsolicitedAdvertisementFrame } from '../../src/netlink/announce-frames.ts';
import { announceAddresses, type Netlink, openNetlink } from '../../src/netlink/index.ts';
import { canMakeNamespaces, createPair, EventLog } from './netns-lab.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('a gratuitous ARP has sender and target address alike, in both forms', () => {
  const head = 'ffffffffffff02000000000108060001080006040001';
  expect(hex(gratuitousArpFrame('02:00:00:00:00:01', '10.9.0.2', 'request'))).toBe(
    `${head}0200000000010a0900020000000000000a090002`,
  );
  expect(hex(gratuitousArpFrame('02:00:00:00:00:01', '10.9.0.2', 'reply'))).toBe(
    `${head.slice(0, -1)}20200000000010a090002ffffffffffff0a090002`,
  );
});

test('an unsolicited advertisement sums up to a valid ICMPv6 checksum', () => {
  for (const isRouter of [false, true]) {
    const frame = unsolicitedAdvertisementFrame('02:00:00:00:00:01', 'fd77::42', isRouter);
    let sum = 32 + 58;
    const words = new DataView(frame.buffer);
    for (let i = 14 + 8; i < frame.length; i += 2) sum += words.getUint16(i);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    expect(sum).toBe(0xffff);
    expect(words.getUint8(58)).toBe(isRouter ? 0xa0 : 0x20);
  }
});

describe.skipIf(!canMakeNamespaces)('announcing addresses', () => {
  let pair: ReturnType<typeof createPair>;
  let a: Netlink;
  let b: Netlink;
  beforeAll(() => {
    pair = createPair();
    a = openNetlink({ netnsPath: pair.a.path });
    b = openNetlink({ netnsPath: pair.b.path });
  });
  afterAll(async () => {
    await a?.close();
    await b?.close();
    pair?.remove();
  });

  test('the peer’s neighbour entries take the announced hardware address', async () => {
    const link = (await a.linkByName('a0'))!;
    const peerIndex = (await b.linkByName('b0'))!.index;
    const addresses = [
      { family: 4, local: '10.77.0.1' },
      { family: 6, local: 'fd77::1' },
    ] as const;
    for (const { family, local } of addresses) {
      await b.setNeighbour({
        family,
        linkIndex: peerIndex,
        address: local,
        mac: '02:de:ad:00:00:01',
        state: NUD_STALE,
        flags: 0,
        protocol: null,
      });
    }
    const log = new EventLog();
    const subscription = b.subscribe(['neighbour'], log.listener);
    expect(announceAddresses(link, addresses, { netnsPath: pair.a.path })).toBe(3);
    for (const { local } of addresses) {
      await log.until(
        event =>
          event.type === 'neighbour.changed' && event.neighbour.address === local && event.neighbour.mac === link.mac,
      );
    }
    subscription.close();
  });

  test('a link that is down or has no Ethernet address is refused', async () => {
    pair.a.ip('link', 'add', 'd0', 'type', 'veth', 'peer', 'name', 'd1');
    const link = (await a.linkByName('d0'))!;
    expect(() => announceAddresses(link, [{ family: 4, local: '10.0.0.1' }], { netnsPath: pair.a.path })).toThrow(
      /ENETDOWN/,
    );
    expect(() => announceAddresses({ ...link, mac: null }, [])).toThrow(/USAGE/);
  });
});
