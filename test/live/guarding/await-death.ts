import { closeSync } from 'node:fs';
import koffi from 'koffi';

const PIDFD_OPEN = 434;
const POLLIN = 1;

/** The system calls behind {@link awaitDeath}; `poll` waits in a thread of its own. */
interface Calls {
  readonly open: (number: number, pid: number, flags: number) => number;
  readonly poll: {
    async(fds: Uint8Array, count: number, limitMs: number, done: (error: Error | null, ready: number) => void): void;
  };
}

let calls: Calls | undefined;

function bindCalls(): Calls {
  const libc = koffi.load(null);
  calls ??= {
    open: libc.func('long syscall(long, int, int)') as unknown as Calls['open'],
    poll: libc.func('int poll(void *, unsigned long, int)') as unknown as Calls['poll'],
  };
  return calls;
}

/**
 * Resolves with true when a process that is not our child has ended (pidfd_open(2): the kernel says so), with false when the limit passes
 * first. A pid that is none any more counts as ended.
 */
export async function awaitDeath(pid: number, limitMs: number): Promise<boolean> {
  const { open, poll } = bindCalls();
  const fd = Number(open(PIDFD_OPEN, pid, 0));
  if (fd < 0) return true;
  try {
    const pollfd = Buffer.alloc(8);
    pollfd.writeInt32LE(fd, 0);
    pollfd.writeInt16LE(POLLIN, 4);
    return await new Promise<boolean>((resolve, reject) =>
      poll.async(pollfd, 1, limitMs, (error, ready) => (error === null ? resolve(ready === 1) : reject(error))),
    );
  } finally {
    closeSync(fd);
  }
}
