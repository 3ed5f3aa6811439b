import { RawSocket, SOCK_RAW } from '../../../src/netlink/socket.ts';
import { HOST_IS_LITTLE_ENDIAN } from '../../../src/netlink/wire.ts';
import type { Place } from './move-bench.ts';

const AF_NETLINK = 16;
const NETLINK_KOBJECT_UEVENT = 15;
const KERNEL_GROUP = 1;

/** What udevd is told of network links in one namespace. */
export interface Uevents {
  /** Those up to now: `add net0`, `move up0`. */
  read(): readonly string[];
  close(): void;
}

export function listenForUevents({ namespace, fd }: Place): Uevents {
  const socket = new RawSocket('uevents', AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT, { fd, path: namespace.path });
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, HOST_IS_LITTLE_ENDIAN);
  view.setUint32(8, KERNEL_GROUP, HOST_IS_LITTLE_ENDIAN);
  socket.bind(address);
  const buffer = Buffer.alloc(65_536);
  return {
    read() {
      const seen: string[] = [];
      for (;;) {
        const received = socket.receive(buffer);
        if (received.kind !== 'datagram') return seen;
        const fields = buffer.toString('latin1', 0, received.length).split('\0');
        const value = (key: string) => fields.find(field => field.startsWith(`${key}=`))?.slice(key.length + 1);
        if (value('SUBSYSTEM') === 'net') seen.push(`${value('ACTION')} ${value('INTERFACE')}`);
      }
    },
    close: () => socket.close(),
  };
}
