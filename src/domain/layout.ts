/** Who carries which name after the move; see the README's table of layouts. */
export type Layout = 'host-port' | 'bridge-port' | 'exchange-names' | 'attach-only';

/** All layouts, in the order of the documentation. */
export const LAYOUTS = ['host-port', 'bridge-port', 'exchange-names', 'attach-only'] as const;

/** Names that a layout gives to the three parts. */
export interface LayoutNames {
  /** The uplink's name afterwards. */
  readonly uplink: string;
  /** The link that takes over the addresses; null for `attach-only`. */
  readonly hostPort: string | null;
  /** The bridge's name in OVSDB. */
  readonly bridge: string;
  /** True when the host port is the bridge's own local port. */
  readonly hostPortIsLocal: boolean;
}

/** Derives the names of a layout from the uplink's name and the bridge that was asked for. */
export function namesOf(layout: Layout, uplink: string, bridge: string): LayoutNames {
  switch (layout) {
    case 'host-port':
      return { uplink: `${uplink}~`, hostPort: uplink, bridge, hostPortIsLocal: false };
    case 'bridge-port':
      return { uplink, hostPort: bridge, bridge, hostPortIsLocal: true };
    case 'exchange-names':
      // The bridge takes the uplink's name, so the uplink takes the name that was meant for the bridge.
      return { uplink: bridge, hostPort: uplink, bridge: uplink, hostPortIsLocal: true };
    case 'attach-only':
      return { uplink, hostPort: null, bridge, hostPortIsLocal: false };
  }
}
