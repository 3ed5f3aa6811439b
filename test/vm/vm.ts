import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isUplinkError, uplinkError } from '../../src/errors.ts';
import { labPrefix } from '../lab/cleanup.ts';
import { labEnvironment } from '../lab/command.ts';
import { bundleGuest } from './bundle-guest.ts';
import type { Reply, Request, ScenarioName, ScenarioOptions, ScenarioResult } from './guest/protocol.ts';
import { buildInitramfs, MOUNT_TAGS, PORT_NAME } from './initramfs.ts';
import { obtainKernel } from './kernel-cache.ts';
import { BUSYBOX } from './needs.ts';

/** A machine of its own with another kernel, over this one's root file system. What it writes there is gone with it. */
export interface Vm extends AsyncDisposable {
  /** Of the guest's kernel: `6.1.0-56-amd64`. */
  readonly release: string;
  /** Folder of its console, its log, and of what scenarios leave at `GUEST_OUTPUT`; removed at the end, unless {@link keep} was called. */
  readonly dir: string;
  /** Pid of QEMU. */
  readonly pid: number;
  /**
   * Carries out a scenario in the guest. One at a time: the next one waits. Rejects with `DEFECT` and the guest's words when it fails,
   * `DEADLINE` when it takes longer than `timeoutMs` (default a minute, from its turn on).
   */
  run<Name extends ScenarioName>(
    name: Name,
    options: ScenarioOptions<Name>,
    limits?: { readonly timeoutMs?: number },
  ): Promise<ScenarioResult<Name>>;
  /** Leaves {@link dir} in place, and says where it is. */
  keep(): void;
  /** Ends the guest; resolves when QEMU is gone. */
  stop(): Promise<void>;
}

/** How to boot. */
export interface VmOptions {
  readonly memoryMb?: number;
  readonly bootTimeoutMs?: number;
  /** Told QEMU's pid as soon as it runs, long before the guest does. */
  readonly onStarted?: (pid: number) => void;
}

const DEFAULT_MEMORY_MB = 2048;
const BOOT_TIMEOUT_MS = 200_000;
const RUN_TIMEOUT_MS = 60_000;
/** How much of the console and the log goes into an error. */
const TAIL_BYTES = 3000;

/**
 * Boots Debian's kernel; about 5 s. Rejects with `UNSUPPORTED` where it cannot be had (ask `vmNeeds()` first to skip), and with `DEFECT` or
 * `DEADLINE` and the console's last words where it does not come up.
 *
 * QEMU's own emulation, not KVM: it is slow, but the same on every machine.
 */
export async function bootVm(options: VmOptions = {}): Promise<Vm> {
  const kernel = await obtainKernel();
  const dir = mkdtempSync(join(tmpdir(), labPrefix()));
  const initramfs = join(dir, 'initramfs');
  const command = [process.execPath, await bundleGuest(join(dir, 'program'))];
  writeFileSync(initramfs, buildInitramfs(kernel, BUSYBOX, command));
  const shares = [
    share(MOUNT_TAGS.root, '/', 'readonly=on,multidevs=remap'),
    share(MOUNT_TAGS.modules, kernel.modules, 'readonly=on'),
    share(MOUNT_TAGS.output, dir, 'multidevs=remap'),
  ];
  const argv = [
    ...qemuArguments(dir, kernel.image, initramfs, options.memoryMb ?? DEFAULT_MEMORY_MB),
    ...shares.flat(),
  ];
  // The kernel kills it with us, however we end. setpriv execs, so the pid is QEMU's.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
    env: labEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const guest = converse(child, dir);
  if (child.pid !== undefined) options.onStarted?.(child.pid);
  let isKept = false;
  const vm = (release: string): Vm => ({
    release,
    dir,
    pid: child.pid ?? 0,
    run: guest.run,
    keep() {
      if (!isKept) console.warn(`the VM's console and log are kept in ${dir}`);
      isKept = true;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await guest.ended;
    if (!isKept) rmSync(dir, { recursive: true, force: true });
  };
  try {
    return vm(await guest.ready(options.bootTimeoutMs ?? BOOT_TIMEOUT_MS));
  } catch (error) {
    await stop();
    throw error;
  }
}

function share(tag: string, path: string, more: string): string[] {
  return ['-virtfs', `local,mount_tag=${tag},path=${escaped(path)},security_model=none,${more}`];
}

/** In an option of QEMU a comma in a value is written twice. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}

function qemuArguments(dir: string, image: string, initramfs: string, memoryMb: number): string[] {
  return [
    ...['qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', `${memoryMb}`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    // Hardware to the guest, wired to nothing.
    ...['-netdev', 'hubport,id=nic,hubid=0', '-device', 'virtio-net-pci,netdev=nic,mac=02:00:00:00:55:01,romfile='],
    ...['-serial', `file:${escaped(join(dir, 'console'))}`],
    ...['-kernel', image, '-initrd', initramfs, '-append', 'console=ttyS0 quiet panic=-1'],
    ...['-chardev', 'stdio,id=channel,signal=off', '-device', 'virtio-serial-pci'],
    ...['-device', `virtserialport,chardev=channel,name=${PORT_NAME}`],
  ];
}

interface Conversation {
  /** Resolves with the kernel's release once the guest takes requests. */
  ready(timeoutMs: number): Promise<string>;
  readonly run: Vm['run'];
  /** Resolves when QEMU is gone. */
  readonly ended: Promise<void>;
}

function converse(child: ChildProcess, dir: string): Conversation {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  const READY = 0;
  let lastId = READY;
  let said = '';
  let isOver = false;
  const failure = (code: 'DEFECT' | 'DEADLINE', object: string, got: string) =>
    uplinkError(code, {
      what: 'the VM did not do it',
      object,
      got: `${got}\n${said}${tail(dir, 'guest.log')}${tail(dir, 'console')}`,
    });
  const answer = (id: number, object: string, timeoutMs: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (isOver) return reject(failure('DEFECT', object, 'QEMU has ended'));
      const timer = setTimeout(
        () => waiting.get(id)?.reject(failure('DEADLINE', object, `no answer in ${timeoutMs} ms`)),
        timeoutMs,
      );
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        waiting.delete(id);
        action();
      };
      waiting.set(id, {
        resolve: value => settle(() => resolve(value)),
        reject: error => settle(() => reject(error)),
      });
    });
  const take = (reply: Reply): void => {
    if (reply.type === 'ready') waiting.get(READY)?.resolve(reply.release);
    else if (reply.type === 'done') waiting.get(reply.id)?.resolve(reply.result);
    else waiting.get(reply.id)?.reject(uplinkError('DEFECT', { what: 'scenario failed in the VM', got: reply.error }));
  };
  createInterface({ input: child.stdout! }).on('line', line => take(JSON.parse(line) as Reply));
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-TAIL_BYTES);
  });
  child.stdin?.on('error', () => {}); // it has ended; close tells
  const ended = new Promise<void>(resolve => {
    child.once('error', error => {
      said += error.message;
    });
    child.once('close', () => {
      isOver = true;
      for (const each of [...waiting.values()])
        each.reject(failure('DEFECT', 'QEMU', `ended with ${child.exitCode ?? child.signalCode}`));
      resolve();
    });
  });
  let turn: Promise<unknown> = Promise.resolve();
  return {
    ready: async timeoutMs => (await answer(READY, 'boot', timeoutMs)) as string,
    run: <Name extends ScenarioName>(
      scenario: Name,
      options: ScenarioOptions<Name>,
      { timeoutMs = RUN_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
    ) => {
      const next = turn.then(async () => {
        lastId += 1;
        const request: Request = { id: lastId, scenario, options };
        const result = answer(lastId, scenario, timeoutMs);
        child.stdin?.write(`${JSON.stringify(request)}\n`);
        return (await result.catch(error => {
          // It is still at it, and would never come to another: those fail at once.
          if (isUplinkError(error) && error.code === 'DEADLINE') child.kill('SIGKILL');
          throw error;
        })) as ScenarioResult<Name>;
      });
      turn = next.catch(() => {}); // whoever asked hears of it
      return next;
    },
    ended,
  };
}

function tail(dir: string, file: string): string {
  try {
    return `--- ${file}\n${readFileSync(join(dir, file), 'utf8').slice(-TAIL_BYTES)}\n`;
  } catch {
    return ''; // it did not get that far
  }
}
