import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uplinkError } from '../../src/errors.ts';
import type { CommandResult } from './command.ts';
import type { Lab } from './lab.ts';
import { startUdevdKeeper, udevdNeeds } from './udevd-keeper.ts';

/** A real systemd-udevd that manages the links of a lab's host. */
export interface LabUdev extends AsyncDisposable {
  /** What to put in front of a command that shall see udev's `/run` and `/etc`. */
  readonly within: readonly string[];
  /** Runs `udevadm` beside the daemon; rejects with `DEFECT` when it fails. */
  udevadm(...args: readonly string[]): Promise<CommandResult>;
  /** Has a link handled as if it had just appeared, and resolves when that is done. */
  trigger(linkName: string): Promise<void>;
  /** Ends the daemon; resolves when it is gone. */
  stop(): Promise<void>;
}

/** What {@link startUdev} configures. */
export interface UdevOptions {
  /** File name (`10-lab.link`) to text, systemd.link(5); they are the only ones beside the distribution's. */
  readonly linkFiles: Readonly<Record<string, string>>;
  /** File name (`76-lab.rules`) to text, udev(7); beside those that udev needs for links. */
  readonly rules?: Readonly<Record<string, string>>;
  /**
   * The worker of each event of a link waits so many ms before it applies the `.link` file, one number after the other by the event's number:
   * a machine under load, without the load. Default: none waits.
   */
  readonly delaysMs?: readonly number[];
  /** Links to handle at once; default the uplink. */
  readonly links?: readonly string[];
}

/** A limit, not a wait: an emulated machine is slow. */
const START_TIMEOUT_MS = 120_000;

/** What this machine lacks for {@link startUdev}, with the apt package; beside `labNeeds()`. */
export function udevNeeds(): string[] {
  return udevdNeeds();
}

/**
 * Starts systemd-udevd in the host's namespace and in a mount namespace of its own; resolves when it has handled the
 * links. Rejects with `UNSUPPORTED` (see {@link udevNeeds}) or `DEFECT` with the daemon's words.
 *
 * `/run`, `/etc` and the rules of the machine are covered by empty file systems there. Only the rules for network links
 * are left: events of disks reach every network namespace, and are none of this daemon's business.
 */
export async function startUdev(lab: Lab, options: UdevOptions): Promise<LabUdev> {
  const needs = udevNeeds();
  if (needs.length > 0) throw uplinkError('UNSUPPORTED', { what: 'no systemd-udevd here', got: needs.join('; ') });
  const files = join(lab.dir, 'udev-files');
  await mkdir(files, { recursive: true });
  const rules = { ...options.rules, ...delayRules(files, options.delaysMs ?? []) };
  for (const [name, text] of Object.entries({ ...options.linkFiles, ...rules })) {
    await writeFile(join(files, name), text);
  }

  const links = options.links ?? [lab.uplinkName];
  const { within, stop } = await startUdevdKeeper(lab, {
    name: 'lab-udev',
    args: [files, ...links],
    mounts: MOUNTS,
    trigger: 'for link in "$@"; do udevadm trigger --settle --action=add "/sys/class/net/$link"; done',
    limitMs: START_TIMEOUT_MS,
  });
  const udevadm: LabUdev['udevadm'] = (...args) =>
    lab.run(lab.hostNs, [...within, 'udevadm', ...args], { check: true });
  return {
    within,
    udevadm,
    trigger: async link => {
      await udevadm('trigger', '--settle', '--action=add', `/sys/class/net/${link}`);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A rule that has a shell sleep in the worker, just before the rule that applies `.link` files; SEQNUM is the event's number. */
function delayRules(folder: string, delaysMs: readonly number[]): Record<string, string> {
  if (delaysMs.length === 0) return {};
  const program = join(folder, 'delay.sh');
  const seconds = delaysMs.map(ms => (ms / 1000).toFixed(3)).join(' ');
  return {
    'delay.sh': `set -- ${seconds}\nshift $((SEQNUM % $#))\nexec sleep "$1"\n`,
    '79-lab-delay.rules': `SUBSYSTEM=="net", ACTION!="remove", PROGRAM="/bin/sh ${program}"\n`,
  };
}

// $1: directory with the .link files and rules; $2…: links.
const MOUNTS = `
files=$1; shift
mount -t tmpfs tmpfs /run
mkdir -p /run/udev/rules.d /run/systemd/network
cp "$files"/*.link /run/systemd/network/
for rule in 75-net-description.rules 80-net-setup-link.rules; do cp "/usr/lib/udev/rules.d/$rule" /run/udev/rules.d/ ||
  cp "/lib/udev/rules.d/$rule" /run/udev/rules.d/; done
for rule in "$files"/*.rules; do [ ! -e "$rule" ] || cp "$rule" /run/udev/rules.d/; done
for dir in /usr/lib/udev/rules.d /lib/udev/rules.d /etc/udev/rules.d /etc/systemd/network; do
  [ ! -d "$dir" ] || mount -t tmpfs tmpfs "$dir"
done
`;
