import { closeSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { toFailure } from '../errors.ts';
import { lastErrno, libc } from './libc.ts';
import { NETLINK_ROUTE } from './netlink-socket.ts';
import { runInNetnsFd } from './netns.ts';
import type { NetnsAnswer, NetnsTask } from './netns-thread.ts';
import { SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, syscallFailed } from './socket.ts';
import { writeSysctl } from './sysctl.ts';
import { AF_NETLINK } from './wire.ts';

const CLONE_NEWNET = 0x40000000;
const OWN_NETNS = '/proc/thread-self/ns/net';

// Every task is one synchronous section that ends in the namespace in which it began. In another one this thread must neither wait nor use the
// thread pool: threads of the pool that were made then would stay there for good.
parentPort?.on('message', ({ id, task }: { readonly id: number; readonly task: NetnsTask }) => {
  let answer: NetnsAnswer;
  try {
    answer = { id, fds: carryOut(task) };
  } catch (error) {
    answer = { id, failure: toFailure(error) };
  }
  parentPort?.postMessage(answer);
});

function carryOut(task: NetnsTask): readonly number[] {
  if (task.op === 'make') return [makeNetns()];
  return runInNetnsFd(task.fd, task.path, () => {
    if (task.op === 'sockets') return openSockets(task.count);
    writeSysctl(task.file, task.value);
    return [];
  });
}

function openSockets(count: number): readonly number[] {
  const opened: number[] = [];
  while (opened.length < count) {
    const fd = libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) {
      const error = syscallFailed('cannot open netlink socket', 'another network namespace', lastErrno());
      for (const each of opened) closeSync(each);
      throw error;
    }
    opened.push(fd);
  }
  return opened;
}

/** A new network namespace, which lives as long as the descriptor. */
function makeNetns(): number {
  const own = openSync(OWN_NETNS, 'r');
  try {
    if (libc().unshare(CLONE_NEWNET) !== 0) {
      throw syscallFailed('cannot make a network namespace', 'unshare(CLONE_NEWNET)', lastErrno());
    }
    try {
      return openSync(OWN_NETNS, 'r');
    } finally {
      if (libc().setns(own, CLONE_NEWNET) !== 0) {
        // Nothing that this thread would do from now on were right.
        process.exit(1);
      }
    }
  } finally {
    closeSync(own);
  }
}
