import { existsSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { killProcess, pidsInNamespace } from './cleanup.ts';
import type { Lab } from './lab.ts';
import { missingPrograms } from './needs.ts';
import { untilReady } from './ready-child.ts';

/** A process that keeps a mount namespace of a lab's host, with a real systemd-udevd in it. */
export interface UdevdKeeper {
  /** Its `/proc/<pid>` shows the namespace. */
  readonly pid: number;
  /** What to put in front of a command that shall see the mounts. */
  readonly within: readonly string[];
  /** Ends systemd-udevd and with it the mounts; resolves when it is gone. */
  stop(): Promise<void>;
}

/** What {@link startUdevdKeeper} runs: shell lines, in this order, in one shell with `set -e`. */
export interface UdevdKeeperOptions {
  /** Its name, for people who look at processes. */
  readonly name: string;
  /** What the lines find in `$1`, `$2`, …. */
  readonly args?: readonly string[];
  /** Makes the mounts. */
  readonly mounts: string;
  /** Has systemd-udevd handle what must be done before it counts as started. */
  readonly trigger: string;
  /** Before systemd-udevd is told to exit; that it fails must not stop the shell, and it has no single quote. */
  readonly beforeExit?: string;
  readonly limitMs: number;
}

const UDEVD = ['/usr/lib/systemd/systemd-udevd', '/lib/systemd/systemd-udevd'];

/** What this machine lacks for {@link startUdevdKeeper}, with the apt package; beside `labNeeds()`. */
export function udevdNeeds(): string[] {
  const programs = missingPrograms({ udevadm: 'udev', unshare: 'util-linux', nsenter: 'util-linux', mount: 'mount' });
  return UDEVD.some(existsSync) ? programs : [...programs, 'systemd-udevd is missing: apt install udev'];
}

/**
 * Starts systemd-udevd in the host's network namespace and in a mount namespace of its own; resolves when it has handled what was
 * triggered. Rejects with `DEFECT` and the words of what failed; nothing of it runs then.
 */
export async function startUdevdKeeper(lab: Lab, options: UdevdKeeperOptions): Promise<UdevdKeeper> {
  // `ip netns exec` made the mount namespace a slave of the machine's: slave again, so that the removal of namespaces
  // elsewhere is not held up by this copy of /run/netns.
  const shell = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', writeScript(options), options.name];
  const child = lab.spawn(lab.hostNs, [...shell, ...(options.args ?? [])], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin?.on('error', () => {}); // it has ended already; close tells
  const { ended } = await untilReady(child, {
    what: 'systemd-udevd',
    object: lab.hostNs,
    limitMs: options.limitMs,
    end: () => killWithin(lab, child.pid),
  });
  return {
    pid: child.pid!,
    within: ['nsenter', `--target=${child.pid}`, '--mount'],
    stop: async () => {
      child.stdin?.end();
      await ended;
    },
  };
}

/** Kills a process with all that share its mounts: systemd-udevd is nobody's child, and would outlive a shell that is killed. */
async function killWithin(lab: Lab, keeper: number | undefined): Promise<void> {
  if (keeper === undefined) return;
  const mounts = await mountsOf(keeper);
  killProcess(keeper);
  for (const pid of await pidsInNamespace(lab.hostNs)) {
    if (mounts !== undefined && (await mountsOf(pid)) === mounts) killProcess(pid);
  }
}

async function mountsOf(pid: number): Promise<string | undefined> {
  return await readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined); // it has ended meanwhile
}

// The mounts and udev live until standard input ends, so also when we die.
function writeScript({ mounts, trigger, beforeExit = '' }: UdevdKeeperOptions): string {
  return `
set -e
${mounts}
daemon=${UDEVD[0]}; [ -x "$daemon" ] || daemon=${UDEVD[1]}
"$daemon" --daemon --resolve-names=never >&2
trap '${beforeExit}
udevadm control --exit' EXIT
${trigger}
echo ready
read -r _ || true
`;
}
