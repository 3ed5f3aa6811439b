import type { Effect } from '../../domain/effect.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import type { OvsState } from '../../domain/ovs-state.ts';
import type { MigrationPlan } from '../../domain/plan.ts';
import { compareAddresses, isAddress } from './addresses.ts';
import type { Judge } from './judge.ts';
import { isOvsLink } from './judge.ts';
import { compareLink, compareSysctls, DATAPATH_FIELDS, IPV6_MTU } from './links.ts';
import { compareNeighbours, permanentOn } from './neighbours.ts';
import { compareRoutes, hasLegOn, identityOf } from './routes.ts';
import { ruleIdentity, ruleObject } from './rules.ts';

/**
 * I4: nothing that we don't own is deleted, nor changed. What is not ours: every link but the uplink, with all that is on it; routes without a leg on
 * the uplink; every row of OVSDB that was there. Also the effects are looked at: what is deleted and put back was deleted.
 */
export function checkOwnership(judge: Judge): void {
  checkLinks(judge);
  checkRoutes(judge);
  checkRows(judge);
  checkEffects(judge);
}

function checkLinks(judge: Judge): void {
  const { base, after } = judge.run;
  for (const link of base.kernel.links) {
    if (link.index === judge.uplink?.index) continue;
    const is = judge.counterpart(link);
    if (is === undefined) {
      judge.violated('I4', 'deleted', `link ${link.name}`, 'present', 'missing');
      continue;
    }
    if (!isComparable(link, judge)) continue;
    // Open vSwitch gives the ports that it makes the smallest MTU in their bridge.
    const followsBridge = isOvsLink(link) && judge.run.result === 'committed';
    const mayHoldBond = judge.run.pendingRows || judge.run.result === 'committed' || judge.run.result === 'stranded';
    const isInBond = mayHoldBond && isMember(judge.run.plan, link.index);
    compareLink('I4', link, is, isInBond ? DATAPATH_FIELDS : followsBridge ? ['mtu'] : [], judge);
    const on = link.index;
    const addresses = base.kernel.addresses.filter(a => a.linkIndex === on);
    compareAddresses(
      'I4',
      addresses,
      after.kernel.addresses.filter(a => a.linkIndex === on),
      judge,
    );
    const neighbours = permanentOn(base.kernel.neighbours, on);
    compareNeighbours('I4', neighbours, permanentOn(after.kernel.neighbours, on), judge);
    const [was, now] = [base.sysctls[link.name] ?? {}, after.sysctls[link.name]];
    compareSysctls('I4', link.name, was, now, judge, followsBridge ? [IPV6_MTU] : []);
  }
}

/** True for a link that was asked to form a bond with the uplink. */
function isMember(plan: MigrationPlan | null, index: number): boolean {
  return plan?.members?.some(member => member.index === index) === true;
}

/**
 * False for a link that somebody made meanwhile and that has another ifindex here, and for those that Open vSwitch has made while it does not run:
 * whether they are up is for it to say.
 */
function isComparable(link: Link, judge: Judge): boolean {
  return judge.counterpart(link)?.index === link.index && (judge.run.ovsAnswers || !isOvsLink(link));
}

function checkRoutes(judge: Judge): void {
  const { base, after } = judge.run;
  const elsewhere = base.kernel.links.filter(link => !isComparable(link, judge));
  const isForeign = (route: (typeof base.kernel.routes)[number]): boolean =>
    (judge.uplink === undefined || !hasLegOn(route, judge.uplink.index)) &&
    !elsewhere.some(link => hasLegOn(route, link.index));
  compareRoutes('I4', base.kernel.routes.filter(isForeign), after.kernel.routes, judge);
}

function checkRows(judge: Judge): void {
  if (judge.run.base.ovs === judge.run.after.ovs) return;
  const was = rowsOf(judge.run.base.ovs);
  const now = rowsOf(judge.run.after.ovs);
  for (const [uuid, row] of was) {
    const is = now.get(uuid);
    if (is === undefined) judge.violated('I4', 'deleted', row.object, 'present', 'missing');
    else if (row.text !== is.text) judge.violated('I4', 'changed', row.object, row.text, is.text);
  }
  const ports = new Map(judge.run.after.ovs.bridges.map(bridge => [bridge.uuid, bridge.ports]));
  for (const bridge of judge.run.base.ovs.bridges) {
    const gone = bridge.ports.filter(port => ports.get(bridge.uuid)?.includes(port) === false);
    if (gone.length === 0) continue;
    judge.violated(
      'I4',
      'ports taken off',
      `bridge ${bridge.name}`,
      bridge.ports.join(', '),
      `without ${gone.join(', ')}`,
    );
  }
}

type Rows = ReadonlyMap<string, { readonly object: string; readonly text: string }>;
const rowsKnown = new WeakMap<OvsState, Rows>();

/** What a client has written into each row; what ovs-vswitchd writes is its own. */
function rowsOf(ovs: OvsState): Rows {
  const known = rowsKnown.get(ovs);
  if (known !== undefined) return known;
  const rows = new Map<string, { object: string; text: string }>();
  rowsKnown.set(ovs, rows);
  for (const { uuid, name, datapathType, failMode, controllers, externalIds, otherConfig } of ovs.bridges) {
    const text = JSON.stringify({ name, datapathType, failMode, controllers, externalIds, otherConfig });
    rows.set(uuid, { object: `bridge ${name}`, text });
  }
  for (const { uuid, name, interfaces, externalIds } of ovs.ports) {
    rows.set(uuid, { object: `port ${name}`, text: JSON.stringify({ name, interfaces, externalIds }) });
  }
  for (const { uuid, name, type, externalIds } of ovs.interfaces) {
    rows.set(uuid, { object: `interface ${name}`, text: JSON.stringify({ name, type, externalIds }) });
  }
  return rows;
}

function checkEffects(judge: Judge): void {
  const { run } = judge;
  const added = new Set<string>();
  for (const { effect, done } of run.effects) {
    // Asked for by name, and before anything else: it is not part of the migration.
    if (!done || effect.op === 'ovs.flow-restore-wait.clear') continue;
    const refusal = run.plan === null ? 'there was no plan' : whyNotOurs(effect, judge, run.plan, added);
    if (refusal !== null)
      judge.violated('I4', `${effect.op} of what is not ours`, objectOf(effect), 'left alone', refusal);
    if (effect.op === 'rule.add') added.add(ruleIdentity(effect.rule, false));
    if (
      effect.op === 'route.add' ||
      effect.op === 'route.append' ||
      effect.op === 'route.prepend' ||
      effect.op === 'route.replace'
    ) {
      added.add(identityOf(effect.route));
    }
  }
}

/** Why an effect deletes what is not ours; null when it does not. */
function whyNotOurs(effect: Effect, judge: Judge, plan: MigrationPlan, added: ReadonlySet<string>): string | null {
  const { run } = judge;
  const isBystander = (index: number): boolean => {
    const link = index === plan.uplinkIndex ? undefined : linkByIndex(run.base.kernel, index);
    // Made meanwhile, it may have another ifindex here, and ours the one that it would have had.
    return link !== undefined && (judge.counterpart(link)?.index ?? index) === index;
  };
  const onBystander = (index: number): string | null => (isBystander(index) ? `it is on link ${index}` : null);
  switch (effect.op) {
    case 'link.set':
      return isMember(plan, effect.link.index) ? null : onBystander(effect.link.index);
    case 'link.rename':
    case 'link.delete':
    case 'altname.remove':
    case 'sysctl.write':
      if (effect.op === 'link.delete' && effect.link.index === plan.uplinkIndex) return 'it is the uplink';
      return onBystander(effect.link.index);
    case 'address.remove': {
      const { address } = effect;
      const isKnown =
        run.base.kernel.addresses.some(one => isAddress(one, address)) ||
        run.journals.some(journal => journal.snapshot.addresses.some(one => isAddress(one, address)));
      return onBystander(address.linkIndex) ?? (isKnown ? null : 'the uplink had no such address');
    }
    case 'neighbour.remove':
      return onBystander(effect.neighbour.linkIndex);
    case 'vport.delete': {
      const { uplink, hostPort, bridge } = plan.names;
      const members = (plan.members ?? []).map(({ name }) => name);
      return [uplink, hostPort, bridge, run.uplink, ...members].includes(effect.port) ? null : 'it is no port of ours';
    }
    case 'route.remove': {
      const hops = effect.route.nexthops;
      // A prefix route that came with an address of ours has legs on our links only.
      const isOurs = added.has(identityOf(effect.route)) || hops.some(hop => !isBystander(hop.linkIndex ?? 0));
      return isOurs && hops.length > 0 ? null : 'no leg of it is on the uplink or the host port';
    }
    case 'rule.remove':
      return added.has(ruleIdentity(effect.rule, false)) ? null : 'nobody of ours has added it';
    default:
      return null;
  }
}

function objectOf(effect: Effect): string {
  switch (effect.op) {
    case 'address.remove':
      return `address ${effect.address.local}/${effect.address.prefixLength}`;
    case 'route.remove':
      return `route ${effect.route.destination} table ${effect.route.table}`;
    case 'rule.remove':
      return ruleObject(effect.rule);
    case 'neighbour.remove':
      return `neighbour ${effect.neighbour.address}`;
    case 'vport.delete':
      return `port ${effect.port}`;
    default:
      return 'link' in effect ? `link ${effect.link.name}` : effect.op;
  }
}
