import { FIB_RULE_IIF_DETACHED, FIB_RULE_OIF_DETACHED } from '../../domain/rule.ts';
import { addressObject, isAddress, mayHaveExpired } from './addresses.ts';
import type { Judge } from './judge.ts';
import { hasLegOn, identityOf, isOfKernel, mayHaveEnded, routeObject, withLegsOn } from './routes.ts';
import { ruleIdentity, ruleObject } from './rules.ts';

const DETACHED = FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED;

/**
 * I1: no address, route or rule of the uplink is missing from {uplink ∪ host port}. Whether they are where they should be, and alike, is for I3 and I7 to
 * say; here it is only that nothing is lost.
 */
export function checkPresence(judge: Judge): void {
  const { run, uplink, hostPort } = judge;
  const { base, after, elapsedS } = run;
  // A run that is still in the way of a fault may have lost what the kernel refuses to take back; it tries on.
  if (uplink === undefined || (run.result === 'stranded' && !run.faultsEnded)) return;
  const homes = [uplink.index, hostPort?.index];

  const found = after.kernel.addresses.filter(address => homes.includes(address.linkIndex));
  for (const address of base.kernel.addresses) {
    if (address.linkIndex !== uplink.index || mayHaveExpired(address, elapsedS)) continue;
    if (found.some(one => isAddress(one, address))) continue;
    judge.violated('I1', 'missing', addressObject(address, judge), 'on the uplink or the host port', 'on neither');
  }

  // What nobody has touched is the same object still.
  const untouched = new Set<object>([...after.kernel.routes, ...after.kernel.rules]);
  const lost = base.kernel.routes.filter(
    route => hasLegOn(route, uplink.index) && !isOfKernel(route) && !untouched.has(route),
  );
  const routes = new Set(
    (lost.length === 0 ? [] : after.kernel.routes).map(route =>
      identityOf(hostPort === undefined ? route : withLegsOn(route, hostPort.index, uplink.index)),
    ),
  );
  for (const route of lost) {
    if (mayHaveEnded(route, judge)) continue;
    if (routes.has(identityOf(route))) continue;
    judge.violated('I1', 'missing', routeObject(route, judge), 'over the uplink or the host port', 'over neither');
  }

  for (const rule of base.kernel.rules) {
    if (untouched.has(rule)) continue;
    const now = after.kernel.rules.find(one => ruleIdentity(one, false) === ruleIdentity(rule, false));
    if (now === undefined) judge.violated('I1', 'missing', ruleObject(rule), 'present', 'missing');
    else if ((now.flags & DETACHED) !== 0 && (rule.flags & DETACHED) === 0) {
      judge.violated('I1', 'detached', ruleObject(rule), 'attached', 'refers to a link that is not there');
    }
  }
}
