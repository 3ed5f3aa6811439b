import { closeSync, readdirSync, readFileSync } from 'node:fs';

const O_CLOEXEC = 0o2000000;

/**
 * Closes what this process was given by its parents beside the standard streams: a pipe of a CI job, a lock that a script holds. Files that
 * are not closed on exec are exactly those: node opens its own with O_CLOEXEC, and so do we. To be called first of all: a library may open one
 * without, for a moment.
 */
export function closeInheritedFiles(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd > 2 && !isClosedOnExec(name)) closeSync(fd);
  }
}

/** True also for a file that is closed already: the one that the list was read from. */
function isClosedOnExec(fd: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
  } catch {
    return true;
  }
}
