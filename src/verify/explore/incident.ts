/**
 * What others do to the host while a run is under way; plain data. Those with `forMs` end by themselves; the others last until the faults
 * stop (see {@link heal}) or for ever.
 */
export type Incident =
  /** The uplink is pulled out of its bus. */
  | { readonly kind: 'uplink.remove' }
  | { readonly kind: 'uplink.carrier.lose'; readonly forMs: number | null }
  | { readonly kind: 'uplink.set-down' }
  | { readonly kind: 'uplink.mtu'; readonly mtu: number }
  /** udev gives the uplink a name of its own again, so many times. */
  | { readonly kind: 'uplink.altname'; readonly times: number; readonly everyMs: number }
  | { readonly kind: 'uplink.address.remove' }
  | { readonly kind: 'uplink.address.add' }
  | { readonly kind: 'uplink.route.add' }
  /** Another program takes the name that the host port or the bridge is to have. */
  | { readonly kind: 'name.take'; readonly forMs: number | null }
  | { readonly kind: 'host-port.remove' }
  | { readonly kind: 'host-port.set-down' }
  | { readonly kind: 'host-port.dad-failed' }
  /** Netlink events are lost (ENOBUFS). */
  | { readonly kind: 'netlink.overrun' }
  | { readonly kind: 'ovsdb.stop'; readonly forMs: number | null }
  | { readonly kind: 'ovsdb.drop' }
  | { readonly kind: 'ovsdb.lock.steal' }
  | { readonly kind: 'ovsdb.rows.remove' }
  | { readonly kind: 'ovsdb.port.add' }
  | { readonly kind: 'vswitchd.kill'; readonly forMs: number | null }
  | { readonly kind: 'vswitchd.hang'; readonly forMs: number | null }
  | { readonly kind: 'ovs.flow-restore-wait'; readonly forMs: number | null }
  | { readonly kind: 'interface.error'; readonly text: string; readonly times: number }
  | { readonly kind: 'gateway.silent'; readonly forMs: number | null }
  | { readonly kind: 'disk.full'; readonly forMs: number | null }
  | { readonly kind: 'guard.lose' }
  /** Who manages the uplink is started again, and takes it back. */
  | { readonly kind: 'owner.restart' }
  /** Who manages the uplink answers nobody. */
  | { readonly kind: 'owner.silent'; readonly forMs: number | null }
  | { readonly kind: 'abort' }
  | { readonly kind: 'confirm' }
  /** SIGKILL of our process. */
  | { readonly kind: 'kill' };

export type IncidentKind = Incident['kind'];

/** The catalogue that exploration goes through at every state. */
export const INCIDENTS: readonly Incident[] = [
  { kind: 'uplink.remove' },
  { kind: 'uplink.carrier.lose', forMs: 500 },
  { kind: 'uplink.carrier.lose', forMs: null },
  { kind: 'uplink.set-down' },
  { kind: 'uplink.mtu', mtu: 1400 },
  { kind: 'uplink.altname', times: 1, everyMs: 1 },
  { kind: 'uplink.altname', times: 50, everyMs: 3 },
  { kind: 'uplink.address.remove' },
  { kind: 'uplink.address.add' },
  { kind: 'uplink.route.add' },
  { kind: 'name.take', forMs: 300 },
  { kind: 'name.take', forMs: null },
  { kind: 'host-port.remove' },
  { kind: 'host-port.set-down' },
  { kind: 'host-port.dad-failed' },
  { kind: 'netlink.overrun' },
  { kind: 'ovsdb.stop', forMs: 400 },
  { kind: 'ovsdb.stop', forMs: null },
  { kind: 'ovsdb.drop' },
  { kind: 'ovsdb.lock.steal' },
  { kind: 'ovsdb.rows.remove' },
  { kind: 'ovsdb.port.add' },
  { kind: 'vswitchd.kill', forMs: 400 },
  { kind: 'vswitchd.kill', forMs: null },
  { kind: 'vswitchd.hang', forMs: 400 },
  { kind: 'vswitchd.hang', forMs: null },
  { kind: 'ovs.flow-restore-wait', forMs: 300 },
  { kind: 'ovs.flow-restore-wait', forMs: null },
  {
    kind: 'interface.error',
    text: 'could not add network device {name} to ofproto (Device or resource busy)',
    times: 1,
  },
  { kind: 'interface.error', text: 'could not add network device {name} to ofproto (File exists)', times: 3 },
  { kind: 'gateway.silent', forMs: 800 },
  { kind: 'gateway.silent', forMs: null },
  { kind: 'disk.full', forMs: 300 },
  { kind: 'disk.full', forMs: null },
  { kind: 'guard.lose' },
  { kind: 'owner.restart' },
  { kind: 'owner.silent', forMs: 400 },
  { kind: 'owner.silent', forMs: null },
  { kind: 'abort' },
  { kind: 'kill' },
];
