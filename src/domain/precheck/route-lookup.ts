import type { KernelState } from '../kernel-state.ts';
import { formatIp, networkOf, parseIp } from '../prefix.ts';
import type { Route } from '../route.ts';
import { RT_TABLE_LOCAL, RT_TABLE_MAIN, RTN_LOCAL, RTN_UNICAST, RTNH_F_DEAD } from '../route.ts';
import type { Rule } from '../rule.ts';
import { FIB_RULE_IIF_DETACHED, FIB_RULE_INVERT, FIB_RULE_OIF_DETACHED } from '../rule.ts';

/** Where a connection of ours goes: over these routes, to the host itself, or nowhere. */
export type Way =
  | { readonly kind: 'routes'; readonly routes: readonly Route[] }
  | { readonly kind: 'local' }
  | { readonly kind: 'none' };

/** FR_ACT_TO_TBL, FR_ACT_GOTO and the actions that end the lookup. */
const TO_TABLE = 1;
const GOTO = 2;
const REFUSING = [6, 7, 8];

const RT_TABLE_DEFAULT = 253;

/** A rule of a kernel that was asked for none: the three that it has from its start. */
const DEFAULT_TABLES = [RT_TABLE_LOCAL, RT_TABLE_MAIN, RT_TABLE_DEFAULT];

const RTN_THROW = 9;
const TCP = 6;

/**
 * The way of a TCP connection that this host opens to an address, as fib_rules_lookup() and the longest prefix decide before a source address is
 * chosen. Marks, which only a program or a firewall sets, count as none; load balancing over several routes gives all of them.
 */
export function wayTo(kernel: Pick<KernelState, 'routes' | 'rules'>, address: string, port: number): Way {
  const bytes = parseIp(address);
  if (bytes === undefined) return { kind: 'none' };
  const target = formatIp(bytes);
  const family = bytes.length === 4 ? 4 : 6;
  const rules = kernel.rules.filter(rule => rule.family === family).toSorted((a, b) => a.priority - b.priority);
  const tables: { readonly table: number; readonly least: number | null }[] =
    rules.length === 0 ? DEFAULT_TABLES.map(table => ({ table, least: null })) : [];
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at];
    if (rule === undefined || !applies(rule, target, port)) continue;
    if (REFUSING.includes(rule.action)) tables.push({ table: -1, least: null });
    else if (rule.action === TO_TABLE) tables.push({ table: rule.table, least: rule.suppressPrefixLength });
    else if (rule.action === GOTO && rule.goto !== null && rule.goto > rule.priority) {
      const next = rules.findIndex(one => one.priority >= (rule.goto ?? 0));
      if (next > at) at = next - 1;
    }
  }
  const byTable = new Map<number, Route[]>();
  for (const route of kernel.routes) {
    if (route.family !== family || route.source !== null || isDead(route)) continue;
    const list = byTable.get(route.table);
    if (list === undefined) byTable.set(route.table, [route]);
    else list.push(route);
  }
  for (const { table, least } of tables) {
    if (table < 0) return { kind: 'none' };
    const best = bestRoutes(byTable.get(table) ?? [], target);
    const first = best[0];
    if (first === undefined || first.type === RTN_THROW) continue;
    if (least !== null && prefixLengthOf(first) <= least) continue;
    if (first.type === RTN_LOCAL) return { kind: 'local' };
    return first.type === RTN_UNICAST ? { kind: 'routes', routes: best } : { kind: 'none' };
  }
  return { kind: 'none' };
}

/** True for a rule that a packet of our own to the address meets: no link it came by, no mark, no source yet. */
function applies(rule: Rule, target: string, port: number): boolean {
  if ((rule.flags & (FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED)) !== 0) return false;
  const isMet =
    (rule.iif === null || rule.iif === 'lo') &&
    rule.oif === null &&
    (rule.fwmark ?? 0) === 0 &&
    rule.tos === 0 &&
    (rule.from === null || rule.from.endsWith('/0')) &&
    (rule.to === null || covers(rule.to, target)) &&
    (rule.uidRange === null || rule.uidRange.start === 0) &&
    (rule.ipProtocol === null || rule.ipProtocol === TCP) &&
    rule.sourcePorts === null &&
    (rule.destinationPorts === null || (rule.destinationPorts.start <= port && port <= rule.destinationPorts.end)) &&
    !rule.l3mdev;
  return (rule.flags & FIB_RULE_INVERT) === 0 ? isMet : !isMet;
}

function covers(prefix: string, address: string): boolean {
  const length = Number(prefix.slice(prefix.indexOf('/') + 1));
  return networkOf(address, length) === prefix;
}

function isDead({ nexthops }: Route): boolean {
  return nexthops.length > 0 && nexthops.every(hop => (hop.flags & RTNH_F_DEAD) !== 0);
}

function prefixLengthOf({ destination }: Route): number {
  return Number(destination.slice(destination.indexOf('/') + 1));
}

/** Routes of one table and family with the longest prefix that covers the address, and the best metric among them. */
export function bestRoutes(routes: readonly Route[], address: string): readonly Route[] {
  const networks = new Map<number, string>();
  let best: { readonly length: number; readonly metric: number; readonly routes: Route[] } | undefined;
  for (const route of routes) {
    const length = prefixLengthOf(route);
    const metric = route.priority ?? 0;
    if (best !== undefined && (length < best.length || (length === best.length && metric > best.metric))) continue;
    const network = networks.get(length) ?? networkOf(address, length);
    networks.set(length, network);
    if (network !== route.destination) continue;
    if (best?.length === length && best.metric === metric) best.routes.push(route);
    else best = { length, metric, routes: [route] };
  }
  return best?.routes ?? [];
}
