import { describe, expect, it } from 'vitest';
import { findLink, identify } from '../../../src/domain/move/identity.ts';
import { link } from '../precheck/hosts.ts';

const PORT = link({
  index: 5,
  name: 'eth5',
  kind: null,
  mac: '02:00:00:00:00:05',
  permanentMac: '02:00:00:00:00:05',
  parentBus: 'pci',
  parentDevice: '0000:03:00.0',
});
const VETH = link({
  parentDevice: null,
  parentBus: null,
  index: 7,
  name: 'v0',
  kind: 'veth',
  mac: '02:00:00:00:00:07',
  permanentMac: null,
  lower: 12,
});

describe('a link is found again', () => {
  it('by its bus address and burnt-in address, whatever else has changed', () => {
    const moved = { ...PORT, index: 42, name: 'inside', mac: '02:ff:ff:ff:ff:ff', altnames: [] };
    expect(findLink(identify(PORT), [VETH, moved])).toBe(moved);
  });

  it('among two ports of one device', () => {
    const other = { ...PORT, index: 6, mac: '02:00:00:00:00:06', permanentMac: '02:00:00:00:00:06' };
    expect(findLink(identify(PORT), [other, PORT])).toBe(PORT);
    expect(findLink(identify(PORT), [other])).toBeUndefined();
  });

  it('not by its address alone: another device may have been given it', () => {
    expect(findLink(identify(PORT), [{ ...PORT, parentDevice: '0000:04:00.0' }])).toBeUndefined();
    expect(findLink(identify(PORT), [{ ...VETH, mac: PORT.mac, index: PORT.index }])).toBeUndefined();
  });

  it('a veth by its other end, and its address or its index', () => {
    expect(findLink(identify(VETH), [{ ...VETH, index: 9, name: 'x' }])?.index).toBe(9);
    expect(findLink(identify(VETH), [{ ...VETH, mac: '02:00:00:00:00:aa' }])?.index).toBe(7);
    expect(findLink(identify(VETH), [{ ...VETH, lower: 13 }])).toBeUndefined();
    expect(findLink(identify(VETH), [{ ...VETH, index: 9, mac: '02:00:00:00:00:aa' }])).toBeUndefined();
  });

  it('or not at all, where two could be it', () => {
    const twin = { ...VETH, index: 9 };
    expect(findLink(identify(VETH), [VETH, twin])).toBe(VETH);
    expect(findLink(identify(VETH), [{ ...VETH, index: 8 }, twin])).toBeUndefined();
  });
});
