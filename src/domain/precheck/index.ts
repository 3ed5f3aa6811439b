import type { Finding } from '../finding.ts';
import { linkByName } from '../kernel-state.ts';
import { namesOf } from '../layout.ts';
import { findBridge } from '../ovs-state.ts';
import { applyAccepted, findUnknownAccepts, sortBySeverity } from './accept.ts';
import { ADDRESS_RULES } from './addresses.ts';
import { API_SERVER_RULES } from './api-server.ts';
import { BOND_RULES } from './bond.ts';
import { BRIDGE_RULES } from './bridge.ts';
import type { PrecheckContext, PrecheckInput, RequestRule, UplinkRule } from './context.ts';
import { LINK_RULES } from './link.ts';
import { LINK_LIST_RULES } from './link-lists.ts';
import { checkUplinkExists } from './missing-link.ts';
import { NAME_RULES } from './names.ts';
import { OVS_RULES } from './ovs.ts';
import { OWNER_RULES } from './owners.ts';
import { PORT_SPEC_RULES } from './port-spec.ts';
import { ROUTE_RULES } from './routes.ts';
import { RULE_RULES } from './rules.ts';
import { STORAGE_RULES } from './storage.ts';
import { UDEV_RULES } from './udev.ts';
import { UPPER_LINK_RULES } from './upper-links.ts';

export type { PrecheckInput } from './context.ts';
export type { FindingCode, FindingMeaning } from './finding-codes.ts';
export { FINDING_CODES } from './finding-codes.ts';

const REQUEST_RULES: readonly RequestRule[] = [
  checkUplinkExists,
  ...NAME_RULES,
  ...PORT_SPEC_RULES,
  ...OVS_RULES,
  ...BRIDGE_RULES,
];

const UPLINK_RULES: readonly UplinkRule[] = [
  ...LINK_LIST_RULES,
  ...LINK_RULES,
  ...UPPER_LINK_RULES,
  ...BOND_RULES,
  ...ADDRESS_RULES,
  ...ROUTE_RULES,
  ...RULE_RULES,
  ...OWNER_RULES,
  ...API_SERVER_RULES,
  ...UDEV_RULES,
  ...STORAGE_RULES,
];

/**
 * Says everything that stands in the way of a migration, or that its user should know: blocking findings first. Pure; never
 * throws. Whether the migration is already done is not asked here.
 */
export function precheck(input: PrecheckInput): readonly Finding[] {
  const { request, kernel, ovs } = input;
  const names = namesOf(request.layout, request.uplink, request.bridge);
  const bridge = ovs === undefined ? undefined : findBridge(ovs, names.bridge);
  const context: PrecheckContext = { ...input, names, bridge };
  const uplink = linkByName(kernel, request.uplink);
  const findings = REQUEST_RULES.flatMap(rule => rule(context));
  if (uplink !== undefined) findings.push(...UPLINK_RULES.flatMap(rule => rule({ ...context, uplink })));
  return sortBySeverity([...applyAccepted(findings, request.accept), ...findUnknownAccepts(request.accept)]);
}
