import type { Address } from '../../domain/address.ts';
import type { Link } from '../../domain/link.ts';
import { MAX_LINK_NAME_LENGTH } from '../../domain/link.ts';
import { compareAddresses, isAddress, staysOnLink } from './addresses.ts';
import type { Judge } from './judge.ts';
import { compareLink, compareSysctls, DATAPATH_FIELDS, IPV6_MTU } from './links.ts';
import { compareNeighbours, permanentOn } from './neighbours.ts';
import { compareRouteOrder, compareRoutes, hasLegOn, identityOf, isOfKernel, withLegsOn } from './routes.ts';
import { ruleIdentity, ruleObject } from './rules.ts';

/** Not a setting: the kernel tells what it does, or says the link's MTU again. */
const DERIVED = ['ipv4/conf/{link}/mc_forwarding', 'ipv6/conf/{link}/mc_forwarding', IPV6_MTU];

/**
 * I1 for a committed run: the host port has everything that the uplink had, with every attribute and in the kernel's order; layout
 * `attach-only` leaves it where it is.
 */
export function checkTakenOver(judge: Judge): void {
  const { run, uplink, hostPort } = judge;
  const { base, after, plan } = run;
  if (run.result !== 'committed' || plan === null || uplink === undefined) return;
  const home = plan.hostPort === null ? judge.uplinkNow : hostPort;
  // That it is gone is told already.
  if (home === undefined || judge.uplinkNow === undefined) return;
  // The uplink itself is as it was, but for its name and who holds it.
  compareLink('I1', uplink, judge.uplinkNow, ['name', ...DATAPATH_FIELDS], judge);
  const moves = plan.hostPort !== null;

  // What others have added while the run was under way may stay where they put it.
  const snapshot = run.journals.at(-1)?.snapshot;
  const isKnown = (address: Address): boolean =>
    snapshot === undefined || snapshot.addresses.some(one => isAddress(one, address));
  const had = base.kernel.addresses.filter(
    a => a.linkIndex === uplink.index && !(moves && staysOnLink(a)) && isKnown(a),
  );
  const got = after.kernel.addresses.filter(a => a.linkIndex === home.index && !(moves && staysOnLink(a)));
  compareAddresses(
    'I1',
    had.map(address => relabelled(address, uplink, home)),
    got,
    judge,
  );

  const routes = base.kernel.routes
    .filter(route => !hasLegOn(route, uplink.index) || judge.hadRoute(route))
    .map(route => withLegsOn(route, uplink.index, home.index));
  const known = snapshot === undefined ? undefined : new Set(snapshot.routes.map(identityOf));
  const moved = routes.filter(
    (route, at) =>
      hasLegOn(route, home.index) &&
      !isOfKernel(route) &&
      (known === undefined || known.has(identityOf(base.kernel.routes[at] ?? route))),
  );
  compareRoutes('I1', moved, after.kernel.routes, judge);
  compareRouteOrder('I1', routes, after.kernel.routes, judge);

  const neighbours = permanentOn(base.kernel.neighbours, uplink.index);
  compareNeighbours('I1', neighbours, permanentOn(after.kernel.neighbours, home.index), judge);
  compareSysctls('I1', uplink.name, base.sysctls[uplink.name] ?? {}, after.sysctls[home.name], judge, DERIVED);
  checkRuleCopies(judge, uplink, home);
}

/** A label follows the name of its link, as far as there is room. */
function relabelled(address: Address, from: Link, to: Link): Address {
  const { label } = address;
  if (label === null || from.name === to.name) return address;
  const suffix = label === from.name ? '' : label.startsWith(`${from.name}:`) ? label.slice(from.name.length) : null;
  if (suffix === null || (to.name + suffix).length > MAX_LINK_NAME_LENGTH) return address;
  return { ...address, label: to.name + suffix };
}

/** What matched traffic of the uplink by name matches that of a host port of another name. */
function checkRuleCopies({ run, violated }: Judge, uplink: Link, home: Link): void {
  if (home.name === uplink.name || home.index === uplink.index) return;
  const present = new Set(run.after.kernel.rules.map(rule => ruleIdentity(rule, false)));
  for (const rule of run.base.kernel.rules) {
    if (rule.iif !== uplink.name && rule.oif !== uplink.name) continue;
    const swap = (name: string | null): string | null => (name === uplink.name ? home.name : name);
    const copy = { ...rule, iif: swap(rule.iif), oif: swap(rule.oif) };
    if (!present.has(ruleIdentity(copy, false))) violated('I1', 'missing', ruleObject(copy), 'present', 'missing');
  }
}
