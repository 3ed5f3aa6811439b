import { Worker } from 'node:worker_threads';
import type { Failure } from '../errors.ts';
import { toUplinkError, uplinkError } from '../errors.ts';
import { programUrl } from '../program-url.ts';

/** What the thread is asked for. */
export type NetnsTask =
  | { readonly op: 'sockets'; readonly fd: number; readonly path: string; readonly count: number }
  | { readonly op: 'sysctl'; readonly fd: number; readonly path: string; readonly file: string; readonly value: string }
  | { readonly op: 'make' };

/** Descriptors, which are the whole process's; or why there are none. */
export type NetnsAnswer = { readonly id: number } & (
  | { readonly fds: readonly number[] }
  | { readonly failure: Failure }
);

/**
 * A thread that goes into other network namespaces, so that the main thread and its pool never do: a file or a socket that those open
 * meanwhile would be of the wrong one. It is started with the first task (60 ms); a task takes a quarter of a millisecond.
 */
export interface NetnsThread extends AsyncDisposable {
  /** Opens rtnetlink sockets in the namespace of a descriptor; `path` is for error texts. Errors: `NETLINK_REFUSED`. */
  openSockets(fd: number, path: string, count: number): Promise<readonly number[]>;
  /** Writes a file below /proc/sys/net of the namespace. Errors: `NETLINK_REFUSED`. */
  writeSysctl(fd: number, path: string, file: string, value: string): Promise<void>;
  /** Makes a network namespace; it lives as long as the descriptor, or whatever else holds it. Errors: `NETLINK_REFUSED`. */
  make(): Promise<number>;
}

/** Nothing is started before the first task. */
export function createNetnsThread(): NetnsThread {
  let worker: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, PromiseWithResolvers<readonly number[]>>();

  const fail = (error: unknown): void => {
    worker = undefined;
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };

  const start = (): Worker => {
    const program = programUrl(new URL('./netns-thread-worker.ts', import.meta.url));
    // What it opens is ours, also after its end.
    const started = new Worker(program, { trackUnmanagedFds: false });
    started.on('message', (answer: NetnsAnswer) => {
      const one = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) started.unref();
      if ('fds' in answer) one?.resolve(answer.fds);
      else one?.reject(toUplinkError(answer.failure));
    });
    started.on('error', fail);
    started.on('exit', code =>
      fail(uplinkError('DEFECT', { what: 'the namespace thread has ended', got: `exit ${code}` })),
    );
    return started;
  };

  const ask = (task: NetnsTask): Promise<readonly number[]> => {
    worker ??= start();
    lastId += 1;
    const answer = Promise.withResolvers<readonly number[]>();
    waiting.set(lastId, answer);
    worker.ref();
    worker.postMessage({ id: lastId, task });
    return answer.promise;
  };

  return {
    openSockets: (fd, path, count) => ask({ op: 'sockets', fd, path, count }),
    async writeSysctl(fd, path, file, value) {
      await ask({ op: 'sysctl', fd, path, file, value });
    },
    async make() {
      const [fd] = await ask({ op: 'make' });
      if (fd === undefined) throw uplinkError('DEFECT', { what: 'no descriptor of the namespace made' });
      return fd;
    },
    async [Symbol.asyncDispose]() {
      const ended = worker;
      worker = undefined;
      ended?.removeAllListeners();
      await ended?.terminate();
    },
  };
}
