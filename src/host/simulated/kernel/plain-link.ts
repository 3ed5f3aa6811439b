import type { Link } from '../../../domain/link.ts';
import { IFF_LOOPBACK } from '../../../domain/link.ts';

/** A new Ethernet link, down and with carrier. */
export const PLAIN_LINK: Omit<Link, 'index' | 'name' | 'flags'> = {
  altnames: [],
  kind: null,
  slaveKind: null,
  operState: 'down',
  carrier: true,
  mtu: 1500,
  minMtu: 68,
  maxMtu: 65535,
  mac: '02:00:00:00:00:01',
  permanentMac: null,
  master: null,
  lower: null,
  lowerNetnsId: null,
  alias: null,
  group: 0,
  txQueueLength: 1000,
  qdisc: 'noop',
  promiscuity: 0,
  parentDevice: null,
  parentBus: null,
  ipv6AddrGenMode: 0,
};

/** What every namespace has. */
export const LOOPBACK: Link = {
  ...PLAIN_LINK,
  index: 1,
  name: 'lo',
  flags: IFF_LOOPBACK,
  mtu: 65536,
  minMtu: null,
  maxMtu: null,
  mac: '00:00:00:00:00:00',
  qdisc: 'noqueue',
};
