import { describeEffect } from '../../domain/effect-text.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import { isUp } from '../../domain/link.ts';
import { findInterface } from '../../domain/ovs-state.ts';
import type { Rule } from '../../domain/rule.ts';
import { FIB_RULE_IIF_DETACHED, FIB_RULE_OIF_DETACHED } from '../../domain/rule.ts';
import { takeSnapshot } from '../../domain/snapshot.ts';
import type { Difference } from '../../domain/snapshot-diff.ts';
import { diffSnapshots } from '../../domain/snapshot-diff.ts';
import type { StepContext } from '../../domain/steps/context.ts';
import { forwardEffects } from '../../domain/steps/forward.ts';
import { restoreProperties } from '../../domain/steps/link-properties.ts';
import { diffOwners, reclaimed } from '../../domain/steps/owners.ts';
import { lookUpRules, rulesForHostPort } from '../../domain/steps/rules.ts';

/** `Interface.ofport` of a port that ovs-vswitchd could not make. */
const OFPORT_FAILED = -1;

/** Steps that must have nothing left to do once a migration is complete. */
const SETTLED = [
  'makingHostPort',
  'attachingUplink',
  'mutingUplink',
  'addressingHostPort',
  'switchingRoutes',
  'removingUplinkAddresses',
  'handingOver',
] as const;

/** How the host differs from what the plan says; empty when kernel and OVSDB show exactly what was planned. */
export function compareWithPlan(context: StepContext): readonly string[] {
  const { plan, uplink, hostPort, kernel, snapshot } = context;
  if (uplink === undefined) return [`the uplink ${plan.names.uplink} is gone`];
  const differences: string[] = [];
  if (uplink.name !== plan.names.uplink)
    differences.push(`the uplink is called ${uplink.name}, not ${plan.names.uplink}`);
  if (plan.hostPort !== null) {
    if (hostPort === undefined) return [`the host port ${plan.hostPort.name} is gone`];
    if (hostPort.name !== plan.hostPort.name)
      differences.push(`the host port is called ${hostPort.name}, not ${plan.hostPort.name}`);
    if (!isUp(hostPort)) differences.push(`the host port ${hostPort.name} is down`);
    if (hostPort.mac !== plan.hostPort.mac)
      differences.push(`${hostPort.name} has MAC ${hostPort.mac}, not ${plan.hostPort.mac}`);
    if (hostPort.mtu !== plan.hostPort.mtu)
      differences.push(`${hostPort.name} has MTU ${hostPort.mtu}, not ${plan.hostPort.mtu}`);
  }
  // A port may stand in the kernel and in the database, and ovs-vswitchd has lost it all the same: it was restarted, and something was in the way.
  for (const name of [plan.names.hostPort, plan.names.uplink]) {
    const row = name === null || context.ovs === undefined ? undefined : findInterface(context.ovs, name);
    if (row === undefined || ((row.error ?? '') === '' && row.ofport !== OFPORT_FAILED)) continue;
    differences.push(`Open vSwitch has no port ${row.name}: ${row.error ?? 'it could not make it'}`);
  }
  const nameOf = (index: number): string => linkByIndex(kernel, index)?.name ?? `link ${index}`;
  for (const step of SETTLED) {
    differences.push(...forwardEffects(step, context).map(effect => `still to do: ${describeEffect(effect, nameOf)}`));
  }
  // Those that others have made since may wait for a link of theirs (F-19).
  const attached = snapshot.rules.filter(rule => !isDetached(rule));
  const wasAttached = lookUpRules([
    ...attached,
    ...rulesForHostPort({ ...snapshot, rules: attached }, plan.names.hostPort),
  ]);
  for (const rule of kernel.rules) {
    if (isDetached(rule) && wasAttached(rule)) {
      differences.push(`rule ${rule.priority} refers to a link that is not there`);
    }
  }
  differences.push(...reclaimed(context));
  return differences;
}

function isDetached({ flags }: Rule): boolean {
  return (flags & (FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED)) !== 0;
}

/** How the host differs from the snapshot, field by field; empty when it is as it was (I7). */
export function compareWithSnapshot(context: StepContext): readonly Difference[] {
  const { uplink, snapshot, kernel, owners } = context;
  if (uplink === undefined) return [];
  const ofMembers = (snapshot.members ?? []).flatMap(was => diffMember(was, linkByIndex(kernel, was.index)));
  const now = takeSnapshot(kernel, uplink.index, context.uplinkSysctls);
  const differences = now === undefined ? [] : diffSnapshots(snapshot, now, context.elapsedS);
  const ofOwners = diffOwners(context.plan.owners?.release ?? [], snapshot.owners, owners);
  return [
    ...differences,
    ...ofMembers,
    ...ofOwners.map(got => ({ field: 'who manages it', expected: 'as before', got: `${uplink.name}: ${got}` })),
  ];
}

/** A member of the bond that has vanished by itself is nobody's fault. */
function diffMember(was: Link, link: Link | undefined): readonly Difference[] {
  if (link === undefined) return [];
  const left = restoreProperties(link, was).map(effect => describeEffect(effect, () => link.name));
  if (link.slaveKind === 'openvswitch') left.push('it is a port of Open vSwitch still');
  return left.map(got => ({ field: 'member of the bond', expected: 'as before', got: `${link.name}: ${got}` }));
}
