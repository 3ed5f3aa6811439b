import type { HostFacts } from './host-facts.ts';
import { namesOf } from './layout.ts';
import type { Link } from './link.ts';
import type { OvsState } from './ovs-state.ts';
import { findBridge } from './ovs-state.ts';
import type { MigrationPlan, PlannedOwners } from './plan.ts';
import type { MigrationRequest } from './request.ts';

/** `system` where the kernel has its datapath and the running OVS offers it, else `netdev`; what the user asked for wins, and so does a bridge that exists. */
export function chooseDatapath(
  request: MigrationRequest,
  ovs: OvsState | undefined,
  facts: Pick<HostFacts, 'hasKernelDatapath'>,
): 'system' | 'netdev' {
  if (request.datapath !== null) return request.datapath;
  const bridge =
    ovs === undefined ? undefined : findBridge(ovs, namesOf(request.layout, request.uplink, request.bridge).bridge);
  if (bridge !== undefined) return bridge.datapathType === 'netdev' ? 'netdev' : 'system';
  const types = ovs?.system?.datapathTypes ?? [];
  const isOffered = types.length === 0 || types.includes('system');
  return facts.hasKernelDatapath && isOffered ? 'system' : 'netdev';
}

/** Builds the plan for a request that the pre-checks let pass. */
export function buildPlan(
  request: MigrationRequest,
  uplink: Link,
  ovs: OvsState,
  datapath: 'system' | 'netdev',
  id: string,
  owners: PlannedOwners | null = null,
  members: readonly Link[] = [],
): MigrationPlan {
  const names = namesOf(request.layout, request.uplink, request.bridge);
  const mac = uplink.mac ?? '';
  return {
    id,
    request,
    names,
    uplinkIndex: uplink.index,
    bridge: {
      name: names.bridge,
      create: findBridge(ovs, names.bridge) === undefined,
      datapathType: datapath,
      // Pinned from the start: attaching the uplink would otherwise change the bridge's MAC and datapath_id (F-34, F-35).
      hwaddr: names.hostPortIsLocal ? mac : siblingMac(mac),
      failMode: 'standalone',
    },
    hostPort:
      names.hostPort === null
        ? null
        : {
            name: names.hostPort,
            local: names.hostPortIsLocal,
            mac,
            mtu: uplink.mtu,
            ...(request.ports === undefined ? {} : { vlan: request.ports.hostPort }),
          },
    rows: { id, uplink: request.uplink, bridge: names.bridge },
    // Userspace does not steal frames from the kernel: both would answer (F-48).
    mute: datapath === 'netdev' && names.hostPort !== null,
    owners,
    ...(members.length === 0 ? {} : { members: members.map(({ index, name }) => ({ index, name })) }),
  };
}

/** A locally administered MAC derived from another: stable, and never the same. */
export function siblingMac(mac: string): string {
  const bytes = mac.split(':').map(part => Number.parseInt(part, 16));
  const [first = 0, second = 0] = bytes;
  bytes[0] = (first | 0x02) & 0xfe;
  bytes[1] = second ^ 0x01;
  return bytes.map(byte => byte.toString(16).padStart(2, '0')).join(':');
}
