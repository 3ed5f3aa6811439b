import { expect, it } from 'vitest';
import { isAlreadyDone } from '../../src/domain/already-done.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { address, route, rule } from './precheck/hosts.ts';

const link = { index: 2, name: 'eth0' };
const neighbour = {
  family: 4,
  linkIndex: 2,
  address: '10.9.0.9',
  mac: null,
  state: 128,
  flags: 0,
  protocol: null,
} as const;
const EFFECTS: readonly Effect[] = [
  { op: 'address.add', address: address() },
  { op: 'address.remove', address: address() },
  { op: 'route.add', route: route() },
  { op: 'route.append', route: route() },
  { op: 'route.replace', route: route() },
  { op: 'route.remove', route: route() },
  { op: 'rule.add', rule: rule() },
  { op: 'rule.remove', rule: rule() },
  { op: 'neighbour.remove', neighbour },
  { op: 'altname.add', link, altname: 'x' },
  { op: 'altname.remove', link, altname: 'x' },
  { op: 'link.delete', link },
  { op: 'link.rename', link, to: 'x' },
  { op: 'vport.delete', port: 'eth0' },
];

/** What the kernel says of a change that was made before. */
const DONE: Readonly<Record<string, readonly string[]>> = {
  'address.add': ['EEXIST'],
  'address.remove': ['EADDRNOTAVAIL', 'ENODEV'],
  'route.add': ['EEXIST'],
  'route.append': ['EEXIST'],
  'route.remove': ['ESRCH', 'ENODEV'],
  'rule.add': ['EEXIST'],
  'rule.remove': ['ENOENT', 'ENODEV'],
  'neighbour.remove': ['ENOENT', 'ENODEV'],
  'altname.add': ['EEXIST'],
  'altname.remove': ['ENOENT', 'ENODEV'],
  'link.delete': ['ENOENT', 'ENODEV'],
  'vport.delete': ['ENOENT', 'ENODEV'],
};
const ERRNOS = [
  'EEXIST',
  'ENOENT',
  'ENODEV',
  'ESRCH',
  'EADDRNOTAVAIL',
  'EPERM',
  'EINVAL',
  'EBUSY',
  'ENOBUFS',
  'EHOSTUNREACH',
];

it.each(EFFECTS)('a refusal of $op counts as done before only for the errno that says so', effect => {
  const failure = (code: ErrorCode, errnoName: string) => ({ code, what: 'refused', errnoName });
  const done = ERRNOS.filter(errno => isAlreadyDone(effect, failure('NETLINK_REFUSED', errno)));
  expect(done.sort()).toEqual([...(DONE[effect.op] ?? [])].sort());
  // Only the kernel's own word counts.
  for (const code of ['DEFECT', 'NETLINK_TIMEOUT', 'OVSDB_REFUSED'] as const) {
    for (const errno of ERRNOS) expect(isAlreadyDone(effect, failure(code, errno))).toBe(false);
  }
});
