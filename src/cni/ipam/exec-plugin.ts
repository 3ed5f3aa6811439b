import { spawn } from 'node:child_process';

/** A plugin to be run. */
export interface ExecRequest {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Written to its stdin, which is closed then. */
  readonly input: Uint8Array;
}

/** How a plugin has ended. */
export interface ExecAnswer {
  /** Null where `problem` says why there is none. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it has not ended by itself: it did not start, was killed, took too long, said too much. Null where it did. */
  readonly problem: string | null;
}

/** Runs a plugin; never rejects. */
export type Exec = (request: ExecRequest) => Promise<ExecAnswer>;

/** How much a plugin may take. */
export interface ExecLimits {
  readonly deadlineMs: number;
  /** Of stdout and of stderr each. */
  readonly maxOutputBytes: number;
}

/** A DHCP client may ask for long; kubelet gives a whole sandbox two minutes. */
export const DEFAULT_LIMITS: ExecLimits = { deadlineMs: 60_000, maxOutputBytes: 1 << 20 };

/** Runs plugins as processes of their own, without a shell. Beyond a limit the plugin is killed with all that it has started. */
export function createExec(limits: ExecLimits = DEFAULT_LIMITS): Exec {
  return async request => {
    try {
      return await runProcess(request, limits);
    } catch (error) {
      // Node throws some reasons for which no process can be made, and tells others by an event.
      const problem = error instanceof Error ? error.message : String(error);
      return { exitCode: null, stdout: '', stderr: '', problem };
    }
  };
}

function runProcess({ path, env, input }: ExecRequest, limits: ExecLimits): Promise<ExecAnswer> {
  const { deadlineMs, maxOutputBytes } = limits;
  return new Promise((resolve, reject) => {
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    // A group of its own: what it has started must not outlive it, nor hold its pipes open.
    const child = spawn(path, [], { env, detached: true, stdio: 'pipe' });
    child.once('error', error => {
      clearTimeout(deadline);
      reject(error);
    });
    const finish = (exitCode: number | null, problem: string | null) => {
      clearTimeout(deadline);
      const [stdout, stderr] = [Buffer.concat(output.stdout).toString(), Buffer.concat(output.stderr).toString()];
      resolve({ exitCode, stdout, stderr, problem });
    };
    const end = (problem: string) => {
      kill(child.pid);
      // What has left the group may hold the pipes, and what hangs in the kernel does not die: neither is waited for.
      for (const stream of child.stdio) stream?.destroy();
      child.unref();
      finish(null, problem);
    };
    for (const stream of ['stdout', 'stderr'] as const) {
      let length = 0;
      child[stream].on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxOutputBytes) end(`more than ${maxOutputBytes} bytes on ${stream}`);
        else output[stream].push(chunk);
      });
    }
    child.once('close', (exitCode, signal) => finish(exitCode, signal === null ? null : `killed by ${signal}`));
    // A plugin need not read what it is given.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const deadline = setTimeout(() => end(`no end after ${deadlineMs} ms`), deadlineMs);
  });
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}
