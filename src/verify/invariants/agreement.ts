import { formatAddress } from '../../domain/address.ts';
import { memberNames } from '../../domain/bond.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import { isUp } from '../../domain/link.ts';
import { findBridge, findInterface, findPort, MARK_ID } from '../../domain/ovs-state.ts';
import type { MigrationPlan } from '../../domain/plan.ts';
import { isAddress, staysOnLink } from './addresses.ts';
import type { Judge } from './judge.ts';
import { hasLegOn, isOfKernel, routeObject } from './routes.ts';

/**
 * I3: no step reports success on a commit alone. Where a run says committed, OVSDB and the kernel both show it: the rows are there and applied,
 * the links are the ones that the rows mean, the kernel has the uplink in the datapath, and nothing is left where it was.
 */
export function checkAgreement(judge: Judge): void {
  const { run } = judge;
  if (run.result !== 'committed') return;
  if (run.plan === null) {
    judge.violated('I3', 'committed without a plan', `run of ${run.uplink}`, 'a plan', 'none');
    return;
  }
  checkBridge(judge, run.plan);
  checkUplink(judge, run.plan);
  checkHostPort(judge, run.plan);
  checkMembers(judge, run.plan);
  checkMutes(judge, run.plan);
  checkNothingLeft(judge, run.plan);
}

function checkBridge({ run, violated }: Judge, plan: MigrationPlan): void {
  const bridge = findBridge(run.after.ovs, plan.names.bridge);
  const object = `bridge ${plan.names.bridge}`;
  if (bridge === undefined) violated('I3', 'no row', object, 'a row', 'none');
  else if (plan.bridge.create && bridge.externalIds[MARK_ID] !== plan.id) {
    violated('I3', 'not marked', object, plan.id, bridge.externalIds[MARK_ID] ?? 'no mark');
  }
}

/** The row of a port: in the bridge, marked, applied without error, and about this very link. */
function checkPort(judge: Judge, plan: MigrationPlan, name: string, index: number | undefined): void {
  const { ovs } = judge.run.after;
  const object = `port ${name}`;
  const found = findPort(ovs, name);
  if (found?.bridge.name !== plan.names.bridge) {
    judge.violated('I3', 'not in the bridge', object, plan.names.bridge, found?.bridge.name ?? 'no row');
    return;
  }
  const isOurs = found.port.externalIds[MARK_ID] === plan.id;
  if (!isOurs) judge.violated('I3', 'not marked', object, plan.id, found.port.externalIds[MARK_ID] ?? 'no mark');
  // What ovs-vswitchd tells of a link does not outlive ovsdb-server, and stands still without ovs-vswitchd.
  if (!judge.run.ovsAnswers) return;
  const row = findInterface(ovs, name);
  if (row?.error) judge.violated('I3', 'not applied', object, 'no error', row.error);
  if ((row?.ofport ?? -1) <= 0) judge.violated('I3', 'not applied', object, 'an ofport', row?.ofport ?? 'none');
  if (row?.ifindex !== index)
    judge.violated('I3', 'about another link', object, index ?? 'a link', row?.ifindex ?? 'none');
}

function checkUplink(judge: Judge, plan: MigrationPlan): void {
  const { uplink, uplinkNow } = judge;
  const object = `link ${judge.run.uplink}`;
  if (uplink === undefined || uplinkNow === undefined) {
    judge.violated('I3', 'gone', object, 'present', 'missing');
    return;
  }
  if (uplinkNow.name !== plan.names.uplink)
    judge.violated('I3', 'name differs', object, plan.names.uplink, uplinkNow.name);
  checkPort(judge, plan, plan.names.uplink, uplinkNow.index);
  const isAttached =
    plan.bridge.datapathType === 'system'
      ? uplinkNow.slaveKind === 'openvswitch'
      : uplinkNow.promiscuity > uplink.promiscuity;
  if (!isAttached)
    judge.violated('I3', 'not in the datapath', object, plan.bridge.datapathType, 'the kernel has it alone');
}

/** The other links of the bond: in the uplink's port, in the datapath, and not heard by the kernel beside it. */
function checkMembers({ run, violated }: Judge, plan: MigrationPlan): void {
  const port = findPort(run.after.ovs, plan.names.uplink)?.port;
  for (const { index, name } of plan.members ?? []) {
    const link = linkByIndex(run.after.kernel, index);
    // It was taken away meanwhile: the others go on.
    if (link === undefined) continue;
    const object = `member ${name}`;
    const row = findInterface(run.after.ovs, name);
    if (row === undefined || port?.interfaces.includes(row.uuid) !== true) {
      violated(
        'I3',
        'not in the bond',
        object,
        `a link of port ${plan.names.uplink}`,
        row === undefined ? 'no row' : 'elsewhere',
      );
      continue;
    }
    if (run.ovsAnswers && (row.error || (row.ofport ?? -1) <= 0)) {
      violated('I3', 'not applied', object, 'an ofport', row.error ?? row.ofport ?? 'none');
    }
    const before = linkByIndex(run.base.kernel, index)?.promiscuity ?? 0;
    const isAttached =
      plan.bridge.datapathType === 'system' ? link.slaveKind === 'openvswitch' : link.promiscuity > before;
    if (!isAttached) violated('I3', 'not in the datapath', object, plan.bridge.datapathType, 'the kernel has it alone');
    if (plan.mute && !run.after.muted.includes(link.name)) {
      violated('I3', 'not muted', object, 'the kernel does not hear it', 'it answers beside the datapath');
    }
  }
}

function checkHostPort(judge: Judge, plan: MigrationPlan): void {
  const { hostPort, uplink } = judge;
  if (plan.hostPort === null) return;
  const object = `host port ${plan.hostPort.name}`;
  if (hostPort === undefined) {
    judge.violated('I3', 'gone', object, 'present', 'missing');
    return;
  }
  checkPort(judge, plan, hostPort.name, hostPort.index);
  if (!isUp(hostPort)) judge.violated('I3', 'down', object, 'up', 'down');
  if (hostPort.mac !== uplink?.mac) judge.violated('I3', 'mac differs', object, uplink?.mac, hostPort.mac);
  if (hostPort.mtu !== uplink?.mtu) judge.violated('I3', 'mtu differs', object, uplink?.mtu, hostPort.mtu);
}

function checkMutes({ run, uplinkNow, hostPort, violated }: Judge, plan: MigrationPlan): void {
  const { muted } = run.after;
  if (plan.mute && uplinkNow !== undefined && !muted.includes(uplinkNow.name)) {
    violated('I3', 'not muted', `link ${run.uplink}`, 'the kernel does not hear it', 'it answers beside the datapath');
  }
  const meant = plan.mute ? [uplinkNow?.name, ...memberNames(plan, run.after.kernel)] : [];
  const wrong = muted.filter(name => !run.base.muted.includes(name) && !meant.includes(name));
  for (const name of wrong) {
    violated('I3', 'muted', name === hostPort?.name ? `host port ${name}` : `link ${name}`, 'heard', 'muted');
  }
}

function checkNothingLeft(judge: Judge, plan: MigrationPlan): void {
  const { run, uplink } = judge;
  if (plan.hostPort === null || uplink === undefined) return;
  const known = run.journals.at(-1)?.snapshot.addresses ?? run.base.kernel.addresses;
  const had = known.filter(a => a.linkIndex === uplink.index && !staysOnLink(a));
  for (const address of run.after.kernel.addresses) {
    if (address.linkIndex !== uplink.index || !had.some(one => isAddress(one, address))) continue;
    judge.violated(
      'I3',
      'left on the uplink',
      `address ${formatAddress(address)} on ${run.uplink}`,
      'moved',
      'still there',
    );
  }
  for (const route of run.after.kernel.routes) {
    if (isOfKernel(route) || !hasLegOn(route, uplink.index) || !judge.hadRoute(route)) continue;
    judge.violated('I3', 'left on the uplink', routeObject(route, judge), 'moved', 'still there');
  }
}
