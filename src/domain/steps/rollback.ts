import { memberNames } from '../bond.ts';
import type { Effect } from '../effect.ts';
import { linkByIndex } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { isUp } from '../link.ts';
import type { RollbackStep } from '../plan.ts';
import { addMissing, addressesOfOthers } from './addresses.ts';
import type { StepContext } from './context.ts';
import { refOf } from './context.ts';
import { copySysctls, loosenReversePath, restoreAltnames, restoreProperties } from './link-properties.ts';
import { primeNeighbours, setMissing } from './neighbours.ts';
import { returnOwners } from './owners.ts';
import { addMissingRoutes, moveLegs, moveRoutes, routesOfOthers } from './routes.ts';
import { lookUpRules, rulesForHostPort } from './rules.ts';
import { convergeUplink, wantedAddresses } from './uplink.ts';

/**
 * What is still to be done for a step of the way back, given the host as it is now; empty when it is done. Every one of them
 * looks at the host only, never at how far the way there went: it is right from any state.
 */
export function rollbackEffects(step: RollbackStep, context: StepContext): readonly Effect[] {
  switch (step) {
    case 'restoringUplinkAddresses':
      return restoreUplinkAddresses(context);
    case 'restoringRoutes':
      return restoreRoutes(context);
    case 'unmutingUplink':
      return unmuteUplink(context);
    case 'detachingUplink':
      return detachUplink(context);
    case 'removingHostPort':
      return removeHostPort(context);
    case 'restoringName':
      return restoreName(context);
    case 'restoringLink':
      return restoreLink(context);
    case 'returningOwners':
      return returningOwners(context);
  }
}

/** Of the sysctls, those without which the kernel refuses IPv6 addresses, or tests them: what manages bridge ports likes to set them. */
const FOR_ADDRESSES = /^ipv6\/conf\/\{link\}\/(disable_ipv6|accept_dad|addr_gen_mode)$/;
/** Below it the kernel takes IPv6 off a link, with its sysctls (F-59). */
const IPV6_MIN_MTU = 1280;

/** What others have done to the uplink since, so that the kernel would refuse the addresses. */
function readyForAddresses({ snapshot, uplinkSysctls }: StepContext, uplink: Link): Effect[] {
  if (!snapshot.addresses.some(address => address.family === 6)) return [];
  if (uplink.mtu < IPV6_MIN_MTU && snapshot.link.mtu >= IPV6_MIN_MTU) {
    return [{ op: 'link.set', link: refOf(uplink), mtu: snapshot.link.mtu }];
  }
  return copySysctls(uplink, snapshot.sysctls, uplinkSysctls).filter(
    effect => effect.op === 'sysctl.write' && FOR_ADDRESSES.test(effect.key),
  );
}

function restoreUplinkAddresses(context: StepContext): Effect[] {
  const { uplink, hostPort, hostPortSysctls, kernel, snapshot } = context;
  if (uplink === undefined) return [];
  const ready = readyForAddresses(context, uplink);
  if (ready.length > 0) return ready;
  const present = kernel.addresses.filter(a => a.linkIndex === uplink.index);
  const others = hostPort === undefined ? [] : addressesOfOthers(kernel.addresses, snapshot, hostPort, uplink);
  const up: Effect[] = !isUp(uplink) && isUp(snapshot.link) ? [{ op: 'link.set', link: refOf(uplink), up: true }] : [];
  return [
    ...(hostPort === undefined ? [] : loosenReversePath(hostPort, hostPortSysctls)),
    // Before the link is up: the kernel then makes no link-local address of its own, which it would test for a second.
    ...addMissing([...wantedAddresses(context, uplink), ...others], present),
    ...up,
  ];
}

function restoreRoutes(context: StepContext): Effect[] {
  const { uplink, hostPort, kernel, snapshot } = context;
  if (uplink === undefined) return [];
  const known = snapshot.routes.map(route => moveLegs(route, snapshot.link.index, uplink.index));
  const addresses = wantedAddresses(context, uplink);
  if (hostPort !== undefined) {
    const wanted = [...known, ...routesOfOthers(kernel.routes, known, hostPort.index, uplink.index)];
    const moves = moveRoutes({
      wanted,
      present: kernel.routes,
      rules: kernel.rules,
      from: hostPort.index,
      to: uplink.index,
      addresses,
    });
    return moves.length === 0 ? [] : [...primeNeighbours(hostPort.index, uplink.index, kernel.neighbours), ...moves];
  }
  return addMissingRoutes(known, kernel.routes, kernel.rules);
}

function unmuteUplink({ uplink, hostPort, mutedLinks }: StepContext): Effect[] {
  if (uplink === undefined || !mutedLinks.includes(uplink.name)) return [];
  if (hostPort === undefined) return [{ op: 'ingress.unmute', link: refOf(uplink) }];
  return [{ op: 'ingress.hand-over', from: refOf(uplink), to: refOf(hostPort), drain: true }];
}

/** Drops that are left of ours: one that lost its link would bind again to the uplink when that takes the name. */
function unmuteAll({ plan, hostPort, kernel, mutedLinks }: StepContext): Effect[] {
  const members = [...(plan.members ?? []).map(({ name }) => name), ...memberNames(plan, kernel)];
  const ours = [plan.names.hostPort, hostPort?.name, plan.names.uplink, plan.request.uplink, ...members];
  return mutedLinks
    .filter(name => ours.includes(name))
    .map(name => ({ op: 'ingress.unmute', link: { index: 0, name } }));
}

function detachUplink({ ownRows, plan }: StepContext): Effect[] {
  return ownRows?.uplink === true ? [{ op: 'ovs.uplink.detach', rows: plan.rows }] : [];
}

function removeHostPort(context: StepContext): Effect[] {
  const { ownRows, plan, kernel, snapshot } = context;
  const rules = rulesForHostPort(snapshot, plan.names.hostPort)
    .filter(lookUpRules(kernel.rules))
    .map((rule): Effect => ({ op: 'rule.remove', rule }));
  const hasRows = ownRows !== null && (ownRows.bridge || ownRows.hostPort || ownRows.uplink);
  const heard = unmuteAll(context);
  return hasRows ? [...heard, ...rules, { op: 'ovs.rows.remove', rows: plan.rows }] : [...heard, ...rules];
}

function restoreName({ uplink, snapshot }: StepContext): Effect[] {
  if (uplink === undefined || uplink.name === snapshot.link.name) return [];
  const { name } = snapshot.link;
  const effects: Effect[] = [];
  // udev may have kept the original name as altname: renaming to it would be EEXIST (F-06).
  if (uplink.altnames.includes(name)) effects.push({ op: 'altname.remove', link: refOf(uplink), altname: name });
  effects.push({ op: 'link.rename', link: refOf(uplink), to: name });
  return effects;
}

function returningOwners(context: StepContext): Effect[] {
  if (context.plan.owners == null) return [];
  const effects = returnOwners(context);
  // Whoever takes the link again may change it once more.
  return effects.length > 0 ? effects : restoreLink(context);
}

/** A member that is gone has nothing that could be put back. */
function restoreMembers({ snapshot, kernel }: StepContext): Effect[] {
  return (snapshot.members ?? []).flatMap(was => {
    const link = linkByIndex(kernel, was.index);
    return link === undefined ? [] : restoreProperties(link, was);
  });
}

function restoreLink(context: StepContext): Effect[] {
  const { uplink, snapshot, kernel, uplinkSysctls } = context;
  if (uplink === undefined) return restoreMembers(context);
  const properties = [...restoreProperties(uplink, snapshot.link), ...restoreMembers(context)];
  if (properties.length > 0) return properties;
  const isThere = lookUpRules(kernel.rules);
  return [
    ...unmuteAll(context),
    ...copySysctls(uplink, snapshot.sysctls, uplinkSysctls),
    ...restoreAltnames(uplink, snapshot),
    ...convergeUplink(context),
    ...setMissing(
      snapshot.neighbours.map(n => ({ ...n, linkIndex: uplink.index })),
      kernel.neighbours,
    ),
    ...snapshot.rules.filter(rule => !isThere(rule)).map((rule): Effect => ({ op: 'rule.add', rule })),
  ];
}
