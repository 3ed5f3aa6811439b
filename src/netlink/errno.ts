import { constants } from 'node:os';

// Where Linux has two names for one number, the name that the kernel's own messages use.
const PREFERRED = new Set(['EAGAIN', 'EOPNOTSUPP', 'EDEADLK']);
const names = new Map<number, string>();
for (const [name, value] of Object.entries(constants.errno)) {
  if (!names.has(value) || PREFERRED.has(name)) names.set(value, name);
}

export const EINVAL = constants.errno.EINVAL;
export const ENOENT = constants.errno.ENOENT;
export const EINTR = constants.errno.EINTR;
export const EAGAIN = constants.errno.EAGAIN;
export const ENODEV = constants.errno.ENODEV;
export const EOPNOTSUPP = constants.errno.EOPNOTSUPP;
export const EAFNOSUPPORT = constants.errno.EAFNOSUPPORT;
export const EPROTONOSUPPORT = constants.errno.EPROTONOSUPPORT;
export const ENOBUFS = constants.errno.ENOBUFS;

/** Name of a positive errno, for instance `EEXIST`; `errno 524` for one without a name in user space. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}
