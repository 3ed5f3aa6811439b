import type { DumpCollector } from './dump.ts';
import {
  RTA_DST,
  RTA_GATEWAY,
  RTA_MULTIPATH,
  RTA_NH_ID,
  RTA_OIF,
  RTA_PRIORITY,
  RTA_TABLE,
  RTM_F_CLONED,
  RTMSG,
} from './route-attributes.ts';
import { afOf, RTM_NEWROUTE } from './rtnetlink.ts';
import { malformed, NLA_TYPE_MASK, NLMSG_HEADER, type Wire } from './wire.ts';

/** Routes in columns, row by row in the kernel's order, IPv4 first. For big tables; what is missing here is in `routes()`. */
export interface RouteColumns {
  readonly count: number;
  /** 4 or 6. */
  readonly family: Uint8Array;
  readonly table: Uint32Array;
  readonly type: Uint8Array;
  readonly protocol: Uint8Array;
  readonly scope: Uint8Array;
  readonly prefixLength: Uint8Array;
  /** 16 bytes a row in network order; IPv4 in the first four, the rest zero. */
  readonly destination: Uint8Array;
  /** As {@link destination}; all zero where there is none, or another family's (RTA_VIA). */
  readonly gateway: Uint8Array;
  /** 0 where there is none. */
  readonly linkIndex: Uint32Array;
  readonly priority: Uint32Array;
  /** 1 where a row has more than these columns say: several legs or a nexthop object. */
  readonly complex: Uint8Array;
}

const FIRST_CAPACITY = 1024;
type Column = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

class Columns {
  count = 0;
  capacity = FIRST_CAPACITY;
  family = new Uint8Array(FIRST_CAPACITY);
  table = new Uint32Array(FIRST_CAPACITY);
  type = new Uint8Array(FIRST_CAPACITY);
  protocol = new Uint8Array(FIRST_CAPACITY);
  scope = new Uint8Array(FIRST_CAPACITY);
  prefixLength = new Uint8Array(FIRST_CAPACITY);
  destination = new Uint8Array(FIRST_CAPACITY * 16);
  gateway = new Uint8Array(FIRST_CAPACITY * 16);
  linkIndex = new Uint32Array(FIRST_CAPACITY);
  priority = new Uint32Array(FIRST_CAPACITY);
  complex = new Uint8Array(FIRST_CAPACITY);

  grow(): void {
    const twice = <T extends Column>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    const bytes = (old: Uint8Array<ArrayBuffer>) => twice(old, new Uint8Array(old.length * 2));
    const words = (old: Uint32Array<ArrayBuffer>) => twice(old, new Uint32Array(old.length * 2));
    this.capacity *= 2;
    this.family = bytes(this.family);
    this.table = words(this.table);
    this.type = bytes(this.type);
    this.protocol = bytes(this.protocol);
    this.scope = bytes(this.scope);
    this.prefixLength = bytes(this.prefixLength);
    this.destination = bytes(this.destination);
    this.gateway = bytes(this.gateway);
    this.linkIndex = words(this.linkIndex);
    this.priority = words(this.priority);
    this.complex = bytes(this.complex);
  }

  /** Forgets rows from here on: a dump that was interrupted begins again. */
  truncate(count: number): void {
    for (const column of [this.linkIndex, this.priority, this.complex]) column.fill(0, count, this.count);
    for (const column of [this.destination, this.gateway]) column.fill(0, count * 16, this.count * 16);
    this.count = count;
  }

  append(wire: Wire, family: 4 | 6, at: number, end: number): void {
    const { u8, u16, u32 } = wire;
    const body = at + NLMSG_HEADER;
    if (end - body < RTMSG) throw malformed('route', `${end - body} bytes`);
    if (u8[body] !== afOf(family) || (u32[(body + 8) >> 2]! & RTM_F_CLONED) !== 0) return;
    if (this.count === this.capacity) this.grow();
    const row = this.count;
    this.family[row] = family;
    this.prefixLength[row] = u8[body + 1]!;
    this.table[row] = u8[body + 4]!;
    this.protocol[row] = u8[body + 5]!;
    this.scope[row] = u8[body + 6]!;
    this.type[row] = u8[body + 7]!;
    const size = family === 4 ? 4 : 16;
    for (let p = body + RTMSG; p + 4 <= end; ) {
      const length = u16[p >> 1]!;
      const type = u16[(p >> 1) + 1]! & NLA_TYPE_MASK;
      const isIp = type === RTA_DST || type === RTA_GATEWAY;
      if (length < (isIp ? 4 + size : 4) || p + length > end) throw malformed('route attribute', `length ${length}`);
      if (isIp) {
        const column = type === RTA_DST ? this.destination : this.gateway;
        for (let i = 0; i < size; i++) column[row * 16 + i] = u8[p + 4 + i]!;
      } else if (type === RTA_TABLE) this.table[row] = u32[(p + 4) >> 2]!;
      else if (type === RTA_OIF) this.linkIndex[row] = u32[(p + 4) >> 2]!;
      else if (type === RTA_PRIORITY) this.priority[row] = u32[(p + 4) >> 2]!;
      else if (type === RTA_MULTIPATH || type === RTA_NH_ID) this.complex[row] = 1;
      p += (length + 3) & ~3;
    }
    this.count++;
  }

  result(): RouteColumns {
    const n = this.count;
    return {
      count: n,
      family: this.family.subarray(0, n),
      table: this.table.subarray(0, n),
      type: this.type.subarray(0, n),
      protocol: this.protocol.subarray(0, n),
      scope: this.scope.subarray(0, n),
      prefixLength: this.prefixLength.subarray(0, n),
      destination: this.destination.subarray(0, n * 16),
      gateway: this.gateway.subarray(0, n * 16),
      linkIndex: this.linkIndex.subarray(0, n),
      priority: this.priority.subarray(0, n),
      complex: this.complex.subarray(0, n),
    };
  }
}

/** Collects route dumps, one family after the other, into columns. */
export function createRouteColumnsCollector(): {
  begin(family: 4 | 6): DumpCollector<never[]>;
  columns(): RouteColumns;
} {
  const columns = new Columns();
  let settled = 0;
  let current: 4 | 6 | undefined;
  return {
    begin(family) {
      // A second attempt at the same family starts where the family before it ended.
      if (current === family) columns.truncate(settled);
      else settled = columns.count;
      current = family;
      return {
        message(wire, type, at, end) {
          if (type === RTM_NEWROUTE) columns.append(wire, family, at, end);
        },
        result: () => [],
      };
    },
    columns: () => columns.result(),
  };
}
