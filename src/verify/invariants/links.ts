import type { Link } from '../../domain/link.ts';
import { isUp } from '../../domain/link.ts';
import type { LinkSysctls } from '../../domain/snapshot.ts';
import type { Invariant } from './ended-run.ts';
import type { Judge } from './judge.ts';

const FIELDS = [
  'name',
  'kind',
  'mtu',
  'mac',
  'lower',
  'alias',
  'group',
  'txQueueLength',
  'qdisc',
  'ipv6AddrGenMode',
] as const satisfies readonly (keyof Link)[];

/** What changes with the datapath that holds the link. */
export const DATAPATH_FIELDS = ['master', 'slaveKind', 'promiscuity'] as const satisfies readonly (keyof Link)[];

/** Compares a link field by field, but for those that others decide. */
export function compareLink(
  invariant: Invariant,
  was: Link,
  is: Link,
  except: readonly (keyof Link)[],
  judge: Judge,
): void {
  if (was === is) return;
  const object = `link ${judge.nameOf(was.index)}`;
  for (const field of [...FIELDS, ...DATAPATH_FIELDS]) {
    if (except.includes(field)) continue;
    const [expected, got] = [was[field] ?? '', is[field] ?? ''];
    if (expected !== got) judge.violated(invariant, `${field} differs`, object, expected, got);
  }
  if (isUp(was) !== isUp(is)) judge.violated(invariant, 'up differs', object, isUp(was), isUp(is));
  // The kernel gives no meaning to their order.
  // One that it has as its name is not lost.
  const kept = was.altnames.filter(altname => altname !== is.name);
  const [altnames, altnamesNow] = [kept.toSorted().join(' '), is.altnames.toSorted().join(' ')];
  if (altnames !== altnamesNow) judge.violated(invariant, 'altnames differ', object, altnames, altnamesNow);
}

/** The link's MTU once more. */
export const IPV6_MTU = 'ipv6/conf/{link}/mtu';

/** Compares the sysctls of a link; `name` is the link's in the base. */
export function compareSysctls(
  invariant: Invariant,
  name: string,
  was: LinkSysctls,
  is: LinkSysctls | undefined,
  judge: Judge,
  except: readonly string[] = [],
): void {
  if (was === is) return;
  for (const [key, value] of Object.entries(was)) {
    if (is?.[key] === value || except.includes(key)) continue;
    judge.violated(invariant, 'differs', `sysctl ${key.replace('{link}', name)}`, value, is?.[key] ?? 'missing');
  }
}
