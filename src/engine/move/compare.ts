import { isUp } from '../../domain/link.ts';
import { isUpThere } from '../../domain/move/plan.ts';
import type { MoveSight } from '../../domain/move/steps.ts';

/** How the link differs from what was asked for; empty when it does not. */
export function compareWithPlan({ plan, snapshot, atTarget: link }: MoveSight): readonly string[] {
  if (link === undefined) return ['it is not in the target namespace'];
  const { name } = plan.request;
  const differences: string[] = [];
  if (link.name !== name) differences.push(`it is called ${link.name}, not ${name}`);
  if (isUpThere(plan, snapshot.link) && !isUp(link)) differences.push('it is down');
  if (link.mac !== snapshot.link.mac) differences.push(`its address is ${link.mac}, not ${snapshot.link.mac}`);
  if (link.mtu !== snapshot.link.mtu) differences.push(`its MTU is ${link.mtu}, not ${snapshot.link.mtu}`);
  return differences;
}
