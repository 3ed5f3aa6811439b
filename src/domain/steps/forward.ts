import type { Bond } from '../bond.ts';
import { memberNames } from '../bond.ts';
import type { Effect } from '../effect.ts';
import { linkByIndex } from '../kernel-state.ts';
import { isUp } from '../link.ts';
import type { OvsPort } from '../ovs-state.ts';
import { findPort, isMarked, MARK_ID } from '../ovs-state.ts';
import type { ForwardStep } from '../plan.ts';
import type { PortVlan } from '../port-spec.ts';
import { isSameVlan } from '../port-spec.ts';
import {
  addMissing,
  addressesOnHostPort,
  aged,
  inRemovingOrder,
  isMovable,
  isSameAddress,
  settleFlags,
} from './addresses.ts';
import type { StepContext } from './context.ts';
import { refOf } from './context.ts';
import { copySysctls, loosenReversePath, RP_FILTER } from './link-properties.ts';
import { neighboursOnHostPort, primeNeighbours, setMissing } from './neighbours.ts';
import { handOver, releaseOwners } from './owners.ts';
import { addMissingRoutes, isConnected, moveLegs, moveRoutes, routesOfOthers } from './routes.ts';
import { lookUpRules, rulesForHostPort } from './rules.ts';
import { convergeUplink } from './uplink.ts';

/**
 * What is still to be done for a step, given the host as it is now. Empty means that the step is done and that the host
 * shows it: the engine applies, reads again and asks again until nothing is left.
 */
export function forwardEffects(step: ForwardStep, context: StepContext): readonly Effect[] {
  switch (step) {
    case 'releasingOwners':
      return releasingOwners(context);
    case 'renamingUplink':
      return renameUplink(context);
    case 'makingHostPort':
      return makeHostPort(context);
    case 'configuringHostPort':
      return configureHostPort(context);
    case 'addressingHostPort':
      return addressHostPort(context);
    case 'attachingUplink':
      return attachUplink(context);
    case 'mutingUplink':
      return muteUplink(context);
    case 'switchingRoutes':
      return switchRoutes(context);
    case 'removingUplinkAddresses':
      return removeUplinkAddresses(context);
    case 'handingOver':
      return handingOver(context);
  }
}

function releasingOwners(context: StepContext): Effect[] {
  const effects = releaseOwners(context);
  // Some take the addresses along when they let go (F-75): they come back at once.
  return effects.length > 0 || context.plan.owners == null ? effects : convergeBefore(context);
}

function handingOver(context: StepContext): Effect[] {
  const effects = handOver(context);
  if (effects.length > 0 || (context.plan.owners?.dhcpClients.length ?? 0) === 0) return effects;
  // A renewal shortly before has put the address on the uplink again, and the script of a client that begins may clear its link.
  const moved = [...addressHostPort(context), ...switchRoutes(context)];
  return moved.length > 0 ? moved : removeUplinkAddresses(context);
}

function renameUplink(context: StepContext): Effect[] {
  const { uplink, plan, snapshot } = context;
  if (uplink === undefined) return [];
  const effects: Effect[] = [];
  if (uplink.name !== plan.names.uplink) {
    // The new name may be an altname of the link itself: the kernel refuses that with EEXIST (F-06).
    if (uplink.altnames.includes(plan.names.uplink)) {
      effects.push({ op: 'altname.remove', link: refOf(uplink), altname: plan.names.uplink });
    }
    effects.push({ op: 'link.rename', link: refOf(uplink), to: plan.names.uplink });
    return effects;
  }
  // A kernel that had to take the link down flushed routes and IPv6 addresses: they come back at once.
  return uplink.name === snapshot.link.name ? [] : convergeBefore(context);
}

/** As long as there is no host port all is still the uplink's; of a migration that is repaired it is not any more. */
function convergeBefore(context: StepContext): Effect[] {
  return context.hostPort === undefined ? convergeUplink(context) : [];
}

/** Its port carries the traffic already, as in a migration that is repaired. */
function isAttached({ plan, ovs, uplink }: StepContext): boolean {
  const attached = ovs === undefined || uplink === undefined ? undefined : findPort(ovs, uplink.name);
  if (attached === undefined || attached.bridge.name !== plan.names.bridge) return false;
  return isMarked(attached.port) && attached.port.externalIds[MARK_ID] === plan.id;
}

/** VLANs that somebody has changed since; what was not asked for is theirs. */
function settleVlan({ plan }: StepContext, port: OvsPort | undefined, vlan: PortVlan | undefined): Effect[] {
  if (vlan === undefined || port === undefined || port.externalIds[MARK_ID] !== plan.id) return [];
  return isSameVlan(port.vlan, vlan) ? [] : [{ op: 'ovs.port.configure', rows: plan.rows, port: port.name, vlan }];
}

function makeHostPort(context: StepContext): Effect[] {
  const { plan, ovs } = context;
  if (ovs === undefined) return [];
  const bridge = ovs.bridges.find(b => b.name === plan.names.bridge);
  const port = plan.names.hostPort === null ? undefined : findPort(ovs, plan.names.hostPort);
  const isMade = bridge !== undefined && (plan.names.hostPort === null || port?.bridge.uuid === bridge.uuid);
  if (isMade) return settleVlan(context, port?.port, plan.hostPort?.vlan);
  return [{ op: 'ovs.host-port.create', rows: plan.rows, bridge: plan.bridge, hostPort: plan.hostPort }];
}

function configureHostPort(context: StepContext): Effect[] {
  const { plan, snapshot, hostPort, hostPortSysctls, kernel, elapsedS, mutedLinks } = context;
  if (hostPort === undefined || plan.hostPort === null) return [];
  const effects: Effect[] = [
    // Until the uplink falls silent: from the attach on every frame arrives on both.
    ...(plan.mute && !mutedLinks.includes(hostPort.name) && !isAttached(context)
      ? [{ op: 'ingress.mute', link: refOf(hostPort) } as const]
      : []),
    ...copySysctls(hostPort, snapshot.sysctls, hostPortSysctls, [RP_FILTER]),
    ...loosenReversePath(hostPort, hostPortSysctls),
  ];
  if (hostPort.mtu !== plan.hostPort.mtu) {
    effects.push({ op: 'link.set', link: refOf(hostPort), mtu: plan.hostPort.mtu });
  }
  if (isUp(hostPort)) return effects;
  // The link-local addresses stand before the link is up: the kernel then has none of its own to test for duplicates.
  const linkLocal = addressesOnHostPort(snapshot, hostPort, elapsedS).filter(a => !isMovable(a));
  const present = kernel.addresses.filter(a => a.linkIndex === hostPort.index);
  return [...effects, ...addMissing(linkLocal, present), { op: 'link.set', link: refOf(hostPort), up: true }];
}

function addressHostPort({ snapshot, hostPort, kernel, elapsedS, plan }: StepContext): Effect[] {
  if (hostPort === undefined) return [];
  const present = kernel.addresses.filter(a => a.linkIndex === hostPort.index);
  const wanted = addressesOnHostPort(snapshot, hostPort, elapsedS).filter(isMovable);
  const isThere = lookUpRules(kernel.rules);
  return [
    ...addMissing(wanted, present),
    ...setMissing(neighboursOnHostPort(snapshot, hostPort), kernel.neighbours),
    ...rulesForHostPort(snapshot, plan.names.hostPort)
      .filter(rule => !isThere(rule))
      .map((rule): Effect => ({ op: 'rule.add', rule })),
  ];
}

function attachUplink(context: StepContext): Effect[] {
  const { plan, ovs, uplink } = context;
  if (ovs === undefined || uplink === undefined) return [];
  const vlan = plan.request.ports?.uplink;
  const silenced = muteMembers(context);
  if (isAttached(context)) return [...silenced, ...settleVlan(context, findPort(ovs, uplink.name)?.port, vlan)];
  const bond = bondOf(context);
  return [
    // Before: the kernel would answer ARP for the host on each of them, too.
    ...silenced,
    {
      op: 'ovs.uplink.attach',
      rows: plan.rows,
      port: uplink.name,
      ...(vlan === undefined ? {} : { vlan }),
      ...(bond === undefined ? {} : { bond }),
    },
  ];
}

function bondOf({ plan, kernel }: StepContext): Bond | undefined {
  const mode = plan.request.bond?.mode;
  return mode === undefined ? undefined : { mode, members: memberNames(plan, kernel) };
}

function muteMembers({ plan, kernel, mutedLinks }: StepContext): Effect[] {
  if (!plan.mute) return [];
  return (plan.members ?? [])
    .map(({ index }) => linkByIndex(kernel, index))
    .filter(link => link !== undefined)
    .filter(link => !mutedLinks.includes(link.name))
    .map(link => ({ op: 'ingress.mute', link: refOf(link) }));
}

function muteUplink({ plan, uplink, hostPort, mutedLinks }: StepContext): Effect[] {
  if (!plan.mute || uplink === undefined || mutedLinks.includes(uplink.name)) return [];
  return hostPort !== undefined && mutedLinks.includes(hostPort.name)
    ? [{ op: 'ingress.hand-over', from: refOf(hostPort), to: refOf(uplink), drain: false }]
    : [{ op: 'ingress.mute', link: refOf(uplink) }];
}

function switchRoutes({ snapshot, uplink, hostPort, kernel, elapsedS }: StepContext): Effect[] {
  if (uplink === undefined || hostPort === undefined) return [];
  const known = snapshot.routes.map(route => moveLegs(route, snapshot.link.index, hostPort.index));
  const wanted = [...known, ...routesOfOthers(kernel.routes, known, uplink.index, hostPort.index)];
  const addresses = addressesOnHostPort(snapshot, hostPort, elapsedS);
  const moves = moveRoutes({
    wanted,
    present: kernel.routes,
    rules: kernel.rules,
    from: uplink.index,
    to: hostPort.index,
    addresses,
  });
  return moves.length === 0 ? [] : [...primeNeighbours(uplink.index, hostPort.index, kernel.neighbours), ...moves];
}

function removeUplinkAddresses(context: StepContext): Effect[] {
  const { snapshot, uplink, hostPort, kernel, elapsedS, hostPortSysctls } = context;
  if (uplink === undefined || hostPort === undefined) return [];
  const onHostPort = kernel.addresses.filter(a => a.linkIndex === hostPort.index);
  const onUplink = kernel.addresses.filter(a => a.linkIndex === uplink.index);
  const known = aged(snapshot, elapsedS);
  const addresses = addressesOnHostPort(snapshot, hostPort, elapsedS);
  // What has come to the uplink since the routes were switched would go with its last address, and the kernel says nothing of it (F-62).
  const routes = snapshot.routes.map(route => moveLegs(route, snapshot.link.index, hostPort.index));
  const late = routesOfOthers(kernel.routes, routes, uplink.index, hostPort.index);
  if (late.length > 0) {
    return moveRoutes({
      wanted: late,
      present: kernel.routes,
      rules: kernel.rules,
      from: uplink.index,
      to: hostPort.index,
      addresses,
    });
  }
  const surplus = onUplink.filter(
    address =>
      isMovable(address) &&
      known.some(k => isSameAddress(k, address)) &&
      // Never the only copy (F-40, F-53).
      onHostPort.some(a => isSameAddress(a, address)),
  );
  const effects = [
    ...inRemovingOrder(surplus).map((address): Effect => ({ op: 'address.remove', address })),
    ...settleFlags(addresses, onHostPort),
    ...copySysctls(hostPort, snapshot.sysctls, hostPortSysctls),
  ];
  // Settling the flags of an IPv6 address takes the first prefix route of its prefix, whatever its metric (modify_prefix_route).
  if (effects.length > 0) return effects;
  const prefixRoutes = routes.filter(route => route.family === 6 && isConnected(route, addresses));
  return addMissingRoutes(prefixRoutes, kernel.routes, kernel.rules);
}
