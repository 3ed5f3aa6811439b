import { isMarked } from '../../domain/ovs-state.ts';
import type { OwnerFacts } from '../../domain/owners.ts';
import type { Rule } from '../../domain/rule.ts';
import { compareAddresses, reportSurplus } from './addresses.ts';
import type { Judge } from './judge.ts';
import { compareLink, compareSysctls, DATAPATH_FIELDS } from './links.ts';
import { compareNeighbours, permanentOn, reportSurplusNeighbours } from './neighbours.ts';
import { compareRouteOrder, compareRoutes, hasLegOn, reportSurplusRoutes } from './routes.ts';
import { ruleIdentity } from './rules.ts';

/**
 * I7: rolled back (and refused) means equal to what was, field by field: the uplink, its addresses with attributes and order, routes of all
 * tables, rules in order, permanent neighbours, sysctls; nothing of ours left, neither link nor row nor mute nor journal. What else is on
 * the host is for I4. With rows pending, Open vSwitch may still hold what it was given.
 */
export function checkEquality(judge: Judge): void {
  const { run } = judge;
  if (run.result !== 'rolledBack' && run.result !== 'refused') return;
  if (judge.uplink !== undefined) checkUplink(judge);
  checkRules(judge);
  checkSurplusLinks(judge);
  checkMutes(judge);
  checkRows(judge);
  checkJournal(judge);
  checkOwners(judge);
  // flow-restore-wait is cleared by the gate, where the user says that it is theirs.
  const changes = run.effects.filter(tried => tried.done && tried.effect.op !== 'ovs.flow-restore-wait.clear').length;
  if (run.result === 'refused' && changes > 0) {
    judge.violated('I7', 'changed though refused', `run of ${run.uplink}`, 'no changes', `${changes} changes`);
  }
}

function checkUplink(judge: Judge): void {
  const { run, uplink, uplinkNow } = judge;
  const { base, after } = run;
  if (uplink === undefined) return;
  if (uplinkNow === undefined) {
    judge.violated('I7', 'gone', `link ${uplink.name}`, 'present', 'missing');
    return;
  }
  const { index, name } = uplink;
  compareLink('I7', uplink, uplinkNow, run.pendingRows ? DATAPATH_FIELDS : [], judge);
  const had = base.kernel.addresses.filter(a => a.linkIndex === index);
  const has = after.kernel.addresses.filter(a => a.linkIndex === index);
  compareAddresses('I7', had, has, judge);
  reportSurplus('I7', had, has, judge);
  const routes = base.kernel.routes.filter(route => hasLegOn(route, index));
  const known = new Set(base.kernel.links.map(link => judge.counterpart(link)?.index));
  // Routes over links of ours are surplus, too; what others added to links of their own is theirs.
  const ours = after.kernel.routes.filter(
    route => hasLegOn(route, index) || (!run.pendingRows && route.nexthops.some(hop => !known.has(hop.linkIndex ?? 0))),
  );
  compareRoutes('I7', routes, after.kernel.routes, judge);
  compareRouteOrder('I7', base.kernel.routes, after.kernel.routes, judge);
  reportSurplusRoutes('I7', routes, ours, judge);
  const neighbours = permanentOn(base.kernel.neighbours, index);
  const neighboursNow = permanentOn(after.kernel.neighbours, index);
  compareNeighbours('I7', neighbours, neighboursNow, judge);
  reportSurplusNeighbours('I7', neighbours, neighboursNow, judge);
  compareSysctls('I7', name, base.sysctls[name] ?? {}, after.sysctls[uplinkNow.name], judge);
}

function checkRules({ run, violated }: Judge): void {
  const [was, now] = [run.base.kernel.rules, run.after.kernel.rules];
  if (was === now) return;
  for (const family of [4, 6] as const) {
    const expected = was.filter(rule => rule.family === family);
    const got = now.filter(rule => rule.family === family);
    const textOf = (rule: Rule | undefined): string => (rule === undefined ? 'no more' : ruleIdentity(rule, true));
    for (let at = 0; at < Math.max(expected.length, got.length); at += 1) {
      if (expected[at] === got[at] || textOf(expected[at]) === textOf(got[at])) continue;
      violated('I7', `differ from entry ${at}`, `IPv${family} rules`, textOf(expected[at]), textOf(got[at]));
      break;
    }
  }
}

function checkSurplusLinks(judge: Judge): void {
  const { run } = judge;
  if (run.pendingRows) return;
  const known = new Set(run.base.kernel.links.map(link => judge.counterpart(link)?.index));
  for (const link of run.after.kernel.links) {
    if (known.has(link.index)) continue;
    judge.violated('I7', 'left behind', `link ${link.name}`, 'none', link.kind ?? 'hardware');
  }
}

function checkMutes({ run, violated }: Judge): void {
  for (const name of run.after.muted) {
    if (!run.base.muted.includes(name)) violated('I7', 'left muted', `link ${name}`, 'heard', 'muted');
  }
  for (const name of run.base.muted) {
    if (!run.after.muted.includes(name)) violated('I7', 'no longer muted', `link ${name}`, 'muted', 'heard');
  }
}

function checkRows({ run, violated }: Judge): void {
  // Rows may stay while nobody can be asked to remove them; that a later start does is for I2.
  if (run.pendingRows) return;
  const { base, after } = run;
  const tables = [
    ['bridge', base.ovs.bridges, after.ovs.bridges],
    ['port', base.ovs.ports, after.ovs.ports],
    ['interface', base.ovs.interfaces, after.ovs.interfaces],
  ] as const;
  for (const [table, was, now] of tables) {
    for (const row of now) {
      if (!isMarked(row) || was.some(one => one.uuid === row.uuid)) continue;
      violated('I7', 'row left behind', `${table} ${row.name}`, 'none', JSON.stringify(row.externalIds));
    }
  }
}

function checkOwners({ run, violated }: Judge): void {
  const [was, now] = [run.base.owners, run.after.owners];
  if (was === undefined || now === undefined) return;
  const textOf = ({ networkManager, networkd, dhcpClients, dns, linkPolicies }: OwnerFacts) => ({
    NetworkManager: JSON.stringify([networkManager.uplink?.managed, networkManager.uplink?.connection?.uuid]),
    'systemd-networkd': String(networkd.uplink?.setupState),
    'DHCP clients': dhcpClients.map(client => `${client.program} ${client.link}`).join(', '),
    'DNS servers': JSON.stringify(dns),
    'drop-ins for udev': linkPolicies.join(', '),
  });
  const expected = textOf(was);
  const got = textOf(now);
  for (const owner of Object.keys(expected) as (keyof typeof expected)[]) {
    if (expected[owner] !== got[owner])
      violated('I7', 'differs', `${owner} of ${run.uplink}`, expected[owner], got[owner]);
  }
}

function checkJournal({ run, violated }: Judge): void {
  const object = `journal of ${run.uplink}`;
  const [had, has] = [run.base.journal, run.after.journal];
  if (has && !had && !run.pendingRows) violated('I7', 'left behind', object, 'none', 'there');
  // A refused run must not take away what an earlier one needs.
  if (had && !has && run.result === 'refused') violated('I7', 'taken away', object, 'there', 'none');
}
