import { writeFileSync } from 'node:fs';
import { uplinkError } from '../errors.ts';

/** Writes a file below /proc/sys/net, of the namespace that the calling thread is in. Errors: `NETLINK_REFUSED` with the errno of the write. */
export function writeSysctl(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch (error) {
    const { errno, code } = error as NodeJS.ErrnoException;
    throw uplinkError(
      'NETLINK_REFUSED',
      {
        what: 'cannot write sysctl',
        object: path,
        expected: value,
        ...(errno === undefined ? {} : { errno: -errno }),
        ...(code === undefined ? {} : { errnoName: code }),
      },
      error,
    );
  }
}
