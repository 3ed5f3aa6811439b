import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toFailure } from '../../src/errors.ts';
import { decodeDone, decodeError } from '../../src/netlink/ack.ts';
import { decodeAddress } from '../../src/netlink/address-codec.ts';
import { decodeEvent } from '../../src/netlink/event.ts';
import { createFamilyCollector, genlMessage } from '../../src/netlink/genetlink.ts';
import { openOvsDatapaths } from '../../src/netlink/index.ts';
import { decodeLink } from '../../src/netlink/link-codec.ts';
import { MessageWriter } from '../../src/netlink/message-writer.ts';
import { forEachMessage } from '../../src/netlink/messages.ts';
import {
  decodeDatapath,
  decodeVport,
  deleteVportRequest,
  vportDumpPayload,
} from '../../src/netlink/ovs-datapath-codec.ts';
import { decodeRoute } from '../../src/netlink/route-codec.ts';
import { wireOver } from '../../src/netlink/wire.ts';

/** A message as the kernel would send it: nlmsghdr and payload. Values below are little endian, as on the machines of CI. */
function message(type: number, payload: Uint8Array, flags = 0) {
  const bytes = new Uint8Array((16 + payload.length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 16 + payload.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  bytes.set(payload, 16);
  return { wire: wireOver(bytes.buffer), end: 16 + payload.length, bytes };
}
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

describe('acknowledgements', () => {
  test('errno and extended ack are read behind a capped request', () => {
    const payload = fromHex('eaffffff 14000000 10000500 01000000 00000000 0c000100 626164206d747500 08000500 2a000000');
    const { wire, end } = message(2, payload, 0x300);
    expect(decodeError(wire, 0, end)).toEqual({ errno: 22, extAck: 'bad mtu', missingAttribute: 42 });
  });

  test('a plain acknowledgement is errno 0', () => {
    const { wire, end } = message(2, fromHex('00000000 14000000 10000500 01000000 00000000'), 0x100);
    expect(decodeError(wire, 0, end)).toEqual({ errno: 0, extAck: null, missingAttribute: null });
  });

  test('the end of a dump carries an error too', () => {
    const { wire, end } = message(3, fromHex('feffffff 08000100 6e6f0000'), 0x202);
    expect(decodeDone(wire, 0, end)).toEqual({ errno: 2, extAck: 'no', missingAttribute: null });
    const done = message(3, fromHex('00000000'), 2);
    expect(decodeDone(done.wire, 0, done.end).errno).toBe(0);
  });
});

describe('malformed messages', () => {
  test('a message that is longer than its datagram is refused', () => {
    const { wire } = message(16, new Uint8Array(16));
    expect(() => forEachMessage(wire, 20, () => false)).toThrow(/NETLINK_MALFORMED/);
  });

  test('an attribute that overruns its message is refused', () => {
    const link = message(16, fromHex('00000000 01000000 00000000 00000000 ff000300 6c6f0000'));
    expect(() => decodeLink(link.wire, 0, link.end)).toThrow(/NETLINK_MALFORMED/);
    const route = message(24, fromHex('02180000 fe040001 00000000 02000100'));
    expect(() => decodeRoute(route.wire, 0, route.end)).toThrow(/NETLINK_MALFORMED/);
  });

  test('a link without a name, an address without an address and a short IP are refused', () => {
    const link = message(16, fromHex('00000000 01000000 00000000 00000000'));
    expect(() => decodeLink(link.wire, 0, link.end)).toThrow(/NETLINK_MALFORMED/);
    const address = message(20, fromHex('02180000 01000000'));
    expect(() => decodeAddress(address.wire, 0, address.end)).toThrow(/NETLINK_MALFORMED/);
    const short = message(20, fromHex('0a180000 01000000 08000100 0a000001'));
    expect(() => decodeAddress(short.wire, 0, short.end)).toThrow(/NETLINK_MALFORMED/);
  });

  test('whatever the bytes are, decoding ends with a value or NETLINK_MALFORMED', () => {
    const types = [16, 17, 20, 24, 25, 28, 32, 88];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ minLength: 0, maxLength: 200 }), (type, payload) => {
        // Enough plausible lengths for the attributes to be entered.
        for (let i = 13; i < payload.length; i += 8) payload[i] = 0;
        const { wire, end } = message(type, payload);
        try {
          decodeEvent(wire, type, 0, end);
        } catch (error) {
          expect(toFailure(error).code).toBe('NETLINK_MALFORMED');
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('an attribute that does not fit 16 bits is refused when it is written', () => {
    expect(() => new MessageWriter().bytes(1, new Uint8Array(0x10000))).toThrow(/USAGE/);
  });
});

test('messages of the bridge and of wireless extensions are no links', () => {
  const bridge = message(16, fromHex('07000000 01000000 00000000 00000000 07000300 6c6f0000'));
  expect(decodeLink(bridge.wire, 0, bridge.end)).toBeUndefined();
  const wireless = message(16, fromHex('00000000 01000000 00000000 00000000 07000300 6c6f0000 08000b00 00000000'));
  expect(decodeLink(wireless.wire, 0, wireless.end)).toBeUndefined();
});

describe('the datapath of the openvswitch module', () => {
  const ovs = (index: number, write: (writer: MessageWriter) => MessageWriter) =>
    write(genlMessage(1, 2).header(4, (view, at, le) => view.setInt32(at, index, le))).finish();

  test('families are found by name', () => {
    const collector = createFamilyCollector();
    const { wire, end } = message(16, genlMessage(1, 2).u16(1, 0x21).string(2, 'ovs_vport').finish());
    collector.message(wire, 16, 0, end);
    expect(collector.result()).toEqual(new Map([['ovs_vport', 0x21]]));
  });

  test('a datapath and its ports are decoded', () => {
    const stats = new Uint8Array(new BigUint64Array([1n, 2n, 3n, 2n ** 40n]).buffer);
    const datapath = message(
      0x20,
      ovs(7, writer => writer.string(1, 'ovs-system').bytes(3, stats).u32(5, 10)),
    );
    expect(decodeDatapath(datapath.wire, 0, datapath.end)).toEqual({
      index: 7,
      name: 'ovs-system',
      userFeatures: 10,
      stats: { hit: 1, missed: 2, lost: 3, flows: 2 ** 40 },
    });
    const vport = message(
      0x21,
      ovs(7, writer => writer.u32(1, 3).u32(2, 2).string(3, 'br0').u32(8, 12)),
    );
    expect(decodeVport(vport.wire, 0, vport.end)).toEqual({
      datapathIndex: 7,
      portNumber: 3,
      name: 'br0',
      type: 'internal',
      linkIndex: 12,
      netnsId: null,
    });
    const nameless = message(
      0x21,
      ovs(7, writer => writer.u32(1, 3)),
    );
    expect(() => decodeVport(nameless.wire, 0, nameless.end)).toThrow(/NETLINK_MALFORMED/);
  });

  test('requests are laid out as linux/openvswitch.h says', () => {
    expect(Buffer.from(vportDumpPayload(7)).toString('hex')).toBe('0301000007000000');
    const byName = deleteVportRequest(0x21, { name: 'eth0' });
    expect(byName).toMatchObject({ type: 0x21, flags: 5, object: 'eth0' });
    expect(Buffer.from(byName.payload).toString('hex')).toBe('0201000000000000' + '09000300' + '6574683000000000');
    const byNumber = deleteVportRequest(0x21, { datapathIndex: 7, portNumber: 3 });
    expect(Buffer.from(byNumber.payload).toString('hex')).toBe('0201000007000000' + '08000100' + '03000000');
  });

  test('a kernel without the module gives undefined, a kernel with it a list', async () => {
    const datapaths = await openOvsDatapaths();
    if (datapaths === undefined) return;
    expect(Array.isArray(await datapaths.datapaths())).toBe(true);
    await datapaths.close();
  });
});
