import { buildPlan } from '../../../src/domain/build-plan.ts';
import type { KernelState } from '../../../src/domain/kernel-state.ts';
import type { Layout } from '../../../src/domain/layout.ts';
import type { Link } from '../../../src/domain/link.ts';
import { IFF_LOWER_UP, IFF_UP } from '../../../src/domain/link.ts';
import { MARK_ID, MARK_ROLE, MARK_UPLINK } from '../../../src/domain/ovs-state.ts';
import { NO_OWNERS } from '../../../src/domain/owners.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { takeSnapshot } from '../../../src/domain/snapshot.ts';
import type { StepContext } from '../../../src/domain/steps/context.ts';
import * as hosts from '../precheck/hosts.ts';

export const ID = 'm-1';
export const HOST_PORT = 42;

export const externalIds = (role: string): Readonly<Record<string, string>> => ({
  [MARK_ID]: ID,
  [MARK_UPLINK]: 'eth0',
  [MARK_ROLE]: role,
});

/** The link that ovs-vswitchd makes for the plan; down and bare, as it comes. */
export function hostPortLink(name: string, overrides: Partial<Link> = {}): Link {
  return hosts.virtualLink(HOST_PORT, name, 'openvswitch', { mac: hosts.link().mac, flags: 0, ...overrides });
}

export const UP = IFF_UP | IFF_LOWER_UP;

/** What a step looks at; everything as it was before, unless told otherwise. */
export interface Scene {
  readonly layout?: Layout;
  readonly datapath?: 'system' | 'netdev';
  readonly kernel?: KernelState;
  /** Taken of {@link kernel} unless told otherwise. */
  readonly snapshot?: Snapshot;
  /** The uplink as it is now. */
  readonly uplink?: Partial<Link> | null;
  readonly hostPort?: Partial<Link> | null;
  readonly context?: Partial<StepContext>;
}

/** Makes the context of a scene. */
export function sceneContext(scene: Scene = {}): StepContext {
  const { layout = 'host-port', datapath = 'system', uplink: change = {}, hostPort: port = null } = scene;
  const before = scene.kernel ?? hosts.kernel();
  const snapshot = scene.snapshot ?? takeSnapshot(before, hosts.ETH0, {})!;
  const plan = buildPlan(hosts.request({ layout }), snapshot.link, hosts.ovs(), datapath, ID);
  const uplink = change === null ? undefined : { ...snapshot.link, ...change };
  const hostPort = port === null || plan.names.hostPort === null ? undefined : hostPortLink(plan.names.hostPort, port);
  const others = before.links.filter(link => link.index !== hosts.ETH0);
  return {
    plan,
    snapshot,
    elapsedS: 0,
    kernel: {
      ...before,
      links: [...others, ...(uplink === undefined ? [] : [uplink]), ...(hostPort === undefined ? [] : [hostPort])],
    },
    uplink,
    hostPort,
    uplinkSysctls: {},
    hostPortSysctls: {},
    mutedLinks: [],
    owners: NO_OWNERS,
    ovs: hosts.ovs(),
    ownRows: null,
    ...scene.context,
  };
}
