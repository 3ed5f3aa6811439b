import { closeSync, openSync } from 'node:fs';
import { uplinkError } from '../errors.ts';
import { errnoName } from './errno.ts';
import { lastErrno, libc } from './libc.ts';

const CLONE_NEWNET = 0x40000000;
const OWN_NETNS = '/proc/thread-self/ns/net';

/**
 * Runs a synchronous action with this thread in another network namespace, then comes back. A socket opened meanwhile
 * belongs to that namespace for good. The action must not be async: other code would run in the wrong namespace.
 * Throws USAGE when the path is no namespace, NETLINK_REFUSED when the kernel does not let us in.
 */
export function runInNetns<T>(netnsPath: string, action: () => T): T {
  const target = openNetns(netnsPath);
  try {
    return runInNetnsFd(target, netnsPath, action);
  } finally {
    closeSync(target);
  }
}

/** Opens a namespace file; the descriptor pins the namespace, even after `ip netns del`. */
export function openNetns(netnsPath: string): number {
  try {
    return openSync(netnsPath, 'r');
  } catch (error) {
    throw uplinkError('USAGE', { what: 'cannot open network namespace', object: netnsPath, got: String(error) }, error);
  }
}

/** {@link runInNetns} for an open descriptor. */
export function runInNetnsFd<T>(target: number, object: string, action: () => T): T {
  const own = openSync(OWN_NETNS, 'r');
  try {
    enter(target, object);
    try {
      return action();
    } finally {
      enter(own, OWN_NETNS);
    }
  } finally {
    closeSync(own);
  }
}

function enter(fd: number, object: string): void {
  if (libc().setns(fd, CLONE_NEWNET) === 0) return;
  const errno = lastErrno();
  throw uplinkError('NETLINK_REFUSED', {
    what: 'cannot enter network namespace',
    object,
    errno,
    errnoName: errnoName(errno),
    advice: 'CAP_SYS_ADMIN is needed',
  });
}
