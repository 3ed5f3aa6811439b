import { EINVAL, ENOENT } from './errno.ts';
import { lastErrno, libc } from './libc.ts';
import { syscallFailed } from './socket.ts';

const MS_BIND = 4096;
const MNT_DETACH = 2;

/** Mounts a file over another one, which must be there. Errors: `NETLINK_REFUSED`. */
export function bindMount(source: string, target: string): void {
  if (libc().mount(source, target, null, MS_BIND, null) !== 0) throw syscallFailed('cannot mount', target, lastErrno());
}

/** Takes a mount away; nothing happens where there is none. Errors: `NETLINK_REFUSED`. */
export function unmount(target: string): void {
  if (libc().umount2(target, MNT_DETACH) === 0) return;
  const errno = lastErrno();
  if (errno !== EINVAL && errno !== ENOENT) throw syscallFailed('cannot unmount', target, errno);
}
