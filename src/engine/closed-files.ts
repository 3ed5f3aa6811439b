import { closeSync, readSync } from 'node:fs';
import koffi from 'koffi';
import { uplinkError } from '../errors.ts';
import { watchReadable } from '../netlink/readiness.ts';

/** inotify(7) */
interface Inotify {
  inotify_init1(flags: number): number;
  inotify_add_watch(fd: number, path: string, mask: number): number;
}

const IN_CLOSE_WRITE = 0x8;
const IN_CLOEXEC = 0x80000;
const IN_NONBLOCK = 0x800;
/** Room for the events of a file without a name; those that do not fit come with the next read. */
const EVENTS = 4096;

let bound: Inotify | undefined;

function inotify(): Inotify {
  const library = koffi.load(null);
  bound ??= {
    inotify_init1: library.func('int inotify_init1(int)'),
    inotify_add_watch: library.func('int inotify_add_watch(int, const char *, uint32_t)'),
  };
  return bound;
}

/**
 * Calls back whenever a file that was open for writing has been closed, in this process or another, or its process has ended. The kernel tells it a moment
 * before locks on it are gone. Returns what ends it. Errors: `UNSUPPORTED` where the kernel takes no further watch.
 */
export function watchClosing(path: string, onClosed: () => void): () => void {
  const fd = inotify().inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0 || inotify().inotify_add_watch(fd, path, IN_CLOSE_WRITE) < 0) {
    if (fd >= 0) closeSync(fd);
    throw uplinkError('UNSUPPORTED', {
      what: 'cannot watch a file',
      object: path,
      advice: 'see /proc/sys/fs/inotify: too many are watched',
    });
  }
  const buffer = new Uint8Array(EVENTS);
  const readiness = watchReadable(fd, () => {
    readSync(fd, buffer);
    onClosed();
  });
  return () => {
    readiness.close();
    closeSync(fd);
  };
}
