/** An ARP or NDP entry (RTM_NEWNEIGH); plain JSON. */
export interface Neighbour {
  readonly family: 4 | 6;
  readonly linkIndex: number;
  readonly address: string;
  /** NDA_LLADDR; null while unresolved. */
  readonly mac: string | null;
  /** NUD_* bit. */
  readonly state: number;
  /** NTF_* bits, with NTF_EXT_* shifted left by 8. */
  readonly flags: number;
  readonly protocol: number | null;
}

export const NUD_INCOMPLETE = 0x01;
export const NUD_REACHABLE = 0x02;
export const NUD_STALE = 0x04;
export const NUD_DELAY = 0x08;
export const NUD_PROBE = 0x10;
export const NUD_FAILED = 0x20;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
