/** How a port treats VLANs; `dot1q-tunnel` is only ever somebody else's. */
export type VlanMode = 'access' | 'trunk' | 'native-tagged' | 'native-untagged' | 'dot1q-tunnel';

/** Modes that can be asked for, in the order of the documentation. */
export const VLAN_MODES = [
  'access',
  'trunk',
  'native-tagged',
  'native-untagged',
] as const satisfies readonly VlanMode[];

/** First and last VLAN; 0 is no VLAN at all (frames without a tag), 4095 is reserved (IEEE 802.1Q). */
export const MIN_VLAN = 1;
export const MAX_VLAN = 4094;

/** The VLAN columns of a row of table Port, as ovs-vswitchd.conf.db(5) has them. */
export interface PortVlan {
  readonly tag: number | null;
  /** Sorted, each once; empty for all of them. 0 stands for frames without a tag. */
  readonly trunks: readonly number[];
  /** Null: `access` with a tag, else `trunk`. */
  readonly vlanMode: VlanMode | null;
}

/** What the user asks of the two ports; written as they are made, and kept so. */
export interface PortSpecs {
  readonly uplink: PortVlan;
  readonly hostPort: PortVlan;
}

/** What may be left out of {@link PortSpecs}. */
export interface PortOptions {
  readonly uplink?: Partial<PortVlan>;
  readonly hostPort?: { readonly tag: number };
}

/** A port of which nothing is said: it carries every VLAN, and frames without a tag. */
export const ANY_VLAN: PortVlan = { tag: null, trunks: [], vlanMode: null };

/** Fills in what was left out; undefined where nothing was asked for at all, so that what others set stays. */
export function completePorts({ uplink, hostPort }: PortOptions): PortSpecs | undefined {
  if (uplink === undefined && hostPort === undefined) return undefined;
  return {
    uplink: { ...ANY_VLAN, ...uplink, trunks: sortVlans(uplink?.trunks ?? []) },
    hostPort: { ...ANY_VLAN, ...hostPort },
  };
}

function sortVlans(vlans: readonly number[]): readonly number[] {
  return [...new Set(vlans)].toSorted((a, b) => a - b);
}

/** True when both columns say the same; undefined is a port of which nothing is said. */
export function isSameVlan(a: PortVlan = ANY_VLAN, b: PortVlan = ANY_VLAN): boolean {
  return (
    a.tag === b.tag &&
    a.vlanMode === b.vlanMode &&
    a.trunks.length === b.trunks.length &&
    a.trunks.every((vlan, at) => vlan === b.trunks[at])
  );
}

/** True when both requests ask the same of the ports; one that asks nothing differs from one that does. */
export function isSamePorts(a: PortSpecs | undefined, b: PortSpecs | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return isSameVlan(a.uplink, b.uplink) && isSameVlan(a.hostPort, b.hostPort);
}

/** The mode that ovs-vswitchd takes (port_configure, vswitchd/bridge.c). */
export function modeOf({ vlanMode, tag }: PortVlan): VlanMode {
  return vlanMode ?? (tag === null ? 'trunk' : 'access');
}

/** True when a port lets frames of this VLAN through; 0 is no VLAN (xbundle_includes_vlan, ofproto/ofproto-dpif-xlate.c). */
function carries(port: PortVlan, vlan: number): boolean {
  const { tag, trunks } = port;
  const mode = modeOf(port);
  if (mode === 'access' || mode === 'dot1q-tunnel') return vlan === (tag ?? 0);
  if (mode !== 'trunk' && tag !== null) {
    // What has no tag belongs to the native VLAN, which is carried whatever trunks says (bundle_set, ofproto-dpif.c).
    if (vlan === tag) return true;
    if (vlan === 0) return false;
  }
  return trunks.length === 0 || trunks.includes(vlan);
}

/** The VLAN of a frame within the bridge that arrives with this tag (0: none); null where it is dropped. */
export function vlanOnArrival(port: PortVlan, tag: number): number | null {
  if (tag === 0 && modeOf(port) !== 'trunk') return port.tag ?? 0;
  if (modeOf(port) === 'access' || modeOf(port) === 'dot1q-tunnel') return null;
  return carries(port, tag) ? tag : null;
}

/** The tag with which a frame of this VLAN leaves (0: none); null where it does not leave. */
export function tagOnLeaving(port: PortVlan, vlan: number): number | null {
  if (!carries(port, vlan)) return null;
  const mode = modeOf(port);
  const isStripped = mode === 'access' || mode === 'dot1q-tunnel' || (mode === 'native-untagged' && vlan === port.tag);
  return isStripped ? 0 : vlan;
}

/** How the host's own frames look on the wire, as long as the bridge forwards by learning. */
export interface HostOnWire {
  /** Tag of what the host sends (0: none); null where the uplink does not let it out. */
  readonly sends: number | null;
  /** Tags of what gets to the host; empty where nothing does. */
  readonly hears: readonly number[];
}

/** Follows a frame of the host to the wire, and one from there back: the host sends and takes frames without a tag only. */
export function hostOnWire(uplink: PortVlan = ANY_VLAN, hostPort: PortVlan = ANY_VLAN): HostOnWire {
  const vlan = vlanOnArrival(hostPort, 0) ?? 0;
  const hears = [...new Set([0, vlan])].filter(tag => {
    const within = vlanOnArrival(uplink, tag);
    return within !== null && tagOnLeaving(hostPort, within) === 0;
  });
  return { sends: tagOnLeaving(uplink, vlan), hears };
}

/** `0,10,20-29` */
export function formatVlans(vlans: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const vlan of vlans) {
    const last = runs.at(-1);
    if (last !== undefined && vlan === last[1] + 1) last[1] = vlan;
    else runs.push([vlan, vlan]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** `native-untagged, tag 100, trunks 200-210`; empty where nothing is said. */
export function formatVlan({ vlanMode, tag, trunks }: PortVlan = ANY_VLAN): string {
  return [
    ...(vlanMode === null ? [] : [vlanMode]),
    ...(tag === null ? [] : [`tag ${tag}`]),
    ...(trunks.length === 0 ? [] : [`trunks ${formatVlans(trunks)}`]),
  ].join(', ');
}
