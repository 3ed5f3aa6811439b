import type { ExploreCase } from './explore-case.ts';

const PLAIN = { host: 'plain', layout: 'host-port', course: 'migrate', faults: [], incidents: [] } as const;

/**
 * Combinations that lead into corners of the charts which chance finds seldom: a fault of what only another fault brings about. They
 * are run first, each time.
 */
export const DIRECTED_CASES: readonly ExploreCase[] = [
  // The journal may be there although its write failed, and then it cannot be removed.
  {
    ...PLAIN,
    faults: [
      { operation: 'journal.write preparing', nth: 1, kind: 'answer-lost' },
      { operation: 'journal.remove', nth: 1, kind: 'refused' },
    ],
  },
  // ovs-vswitchd cannot be asked; then the connection is lost, and everything begins anew.
  {
    ...PLAIN,
    faults: [{ operation: 'ovs.bump', nth: 1, kind: 'refused' }],
    incidents: [{ when: { operation: 'ovs.bump', nth: 1, afterMs: 100 }, incident: { kind: 'ovsdb.drop' } }],
  },
  // The host port's name is taken; when it is free again, ovs-vswitchd cannot be asked to try again.
  {
    ...PLAIN,
    layout: 'bridge-port',
    faults: [{ operation: 'ovs.bump', nth: 2, kind: 'refused' }],
    incidents: [{ when: { operation: 'ovs.host-port.create', nth: 1 }, incident: { kind: 'name.take', forMs: 300 } }],
  },
  // udev gives the old name back, and the kernel refuses to take it away; it comes again later.
  {
    ...PLAIN,
    faults: [{ operation: 'altname.remove', nth: 1, kind: 'refused' }],
    incidents: [
      {
        when: { state: 'preparing.standing.makingHostPort', nth: 1 },
        incident: { kind: 'uplink.altname', times: 50, everyMs: 3 },
      },
      { when: { operation: 'altname.remove', nth: 1, afterMs: 20 }, incident: { kind: 'uplink.mtu', mtu: 1400 } },
    ],
  },
  // ovs-vswitchd is restarted in the middle and cannot make the host port again: its tap stands, its row stands, and nothing gets through.
  {
    ...PLAIN,
    host: 'slaac',
    incidents: [
      {
        when: { operation: 'sysctls.read', nth: 5 },
        incident: {
          kind: 'interface.error',
          text: 'could not add network device {name} to ofproto (File exists)',
          times: 3,
        },
      },
      { when: { operation: 'sysctl.write', nth: 2 }, incident: { kind: 'vswitchd.kill', forMs: 400 } },
    ],
  },
  // Nobody answers who has the lock.
  { ...PLAIN, course: 'restore', faults: [{ operation: 'ovs.lock', nth: 2, kind: 'hang' }] },
  // The locks are lost while the journal of a restore is taken over, and while its guard is armed.
  ...(['journal.write committed', 'guard.arm'] as const).map(
    (operation): ExploreCase => ({
      ...PLAIN,
      course: 'restore',
      incidents: [{ when: { operation, nth: 2 }, incident: { kind: 'ovsdb.drop' } }],
    }),
  ),
  // The one who clears flow-restore-wait is refused, or loses the connection.
  ...(['refused', 'answer-lost'] as const).map(
    (kind): ExploreCase => ({
      ...PLAIN,
      host: 'flow-restore-wait',
      faults: [{ operation: 'ovs.flow-restore-wait.clear', nth: 1, kind }],
    }),
  ),
  // A resumed run whose guard never says that it stands.
  { ...PLAIN, course: 'restore', faults: [{ operation: 'guard.arm', nth: 2, kind: 'hang' }] },
  // Stopped in the moment in which the addresses stand and nothing has moved yet.
  {
    ...PLAIN,
    host: 'secondary-nic',
    incidents: [{ when: { state: 'preparing.standing.awaitingAddresses', nth: 1 }, incident: { kind: 'abort' } }],
  },
  // Every answer of OVSDB that a gate on an existing bridge waits for.
  {
    ...PLAIN,
    host: 'foreign-bridge',
    faults: [{ operation: 'vswitchd.features', nth: 1, kind: 'refused' }],
  },
];
