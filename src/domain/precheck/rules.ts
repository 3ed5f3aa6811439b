import type { Finding } from '../finding.ts';
import { linkByName } from '../kernel-state.ts';
import type { Rule } from '../rule.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about policy routing rules, which bind to links by name (F-19). */
export const RULE_RULES: readonly UplinkRule[] = [checkRulesOfUplink, checkRulesOfHostPort];

function describe(rule: Rule): string {
  const parts = [`${rule.family === 6 ? 'IPv6 ' : ''}rule ${rule.priority}:`, `from ${rule.from ?? 'all'}`];
  if (rule.to !== null) parts.push(`to ${rule.to}`);
  if (rule.iif !== null) parts.push(`iif ${rule.iif}`);
  if (rule.oif !== null) parts.push(`oif ${rule.oif}`);
  parts.push(`table ${rule.table}`);
  return parts.join(' ');
}

function mentions(rule: Rule, link: string): boolean {
  return rule.iif === link || rule.oif === link;
}

function checkRulesOfUplink({ kernel, uplink, names: { hostPort } }: UplinkContext): readonly Finding[] {
  return kernel.rules
    .filter(rule => mentions(rule, uplink.name))
    .map(rule => {
      if (hostPort === uplink.name) {
        return finding('rule-reattaches', {
          message: `${describe(rule)} names ${uplink.name}: it is detached from the rename until the host port has the name`,
          culprit: describe(rule),
          advice: 'nothing to do; the end of the migration checks that it is attached',
        });
      }
      return finding('rule-names-uplink', {
        message:
          hostPort === null
            ? `${describe(rule)} names ${uplink.name}, whose traffic the host will not see any more`
            : `${describe(rule)} names ${uplink.name}, but traffic will come and go by ${hostPort}: a copy that names ${hostPort} is added`,
        culprit: describe(rule),
        advice:
          hostPort === null
            ? 'remove the rule if nobody needs it'
            : `whoever made the rule must name ${hostPort} in future; layouts host-port and exchange-names keep the name`,
      });
    });
}

/** A detached rule that waits for a link called like the new host port would catch the host's own traffic. */
function checkRulesOfHostPort({ kernel, uplink, names: { hostPort } }: UplinkContext): readonly Finding[] {
  if (hostPort === null || hostPort === uplink.name || linkByName(kernel, hostPort) !== undefined) return [];
  return kernel.rules
    .filter(rule => mentions(rule, hostPort))
    .map(rule =>
      finding('rule-names-host-port', {
        message: `${describe(rule)} matches nothing now, but will match when the host port ${hostPort} is there`,
        culprit: describe(rule),
        advice: 'remove the rule if it is left over',
      }),
    );
}
