import { writeFile } from 'node:fs/promises';
import { createHostDaemon, type HostDaemon, type HostDaemonOptions, type HostPlace } from './host-daemon.ts';
import type { Lab } from './lab.ts';
import { missingPrograms } from './needs.ts';
import { type ReadyChild, untilReady } from './ready-child.ts';
import { startUdevdKeeper, udevdNeeds } from './udevd-keeper.ts';

/** A lab's host with `/run`, `/etc`, a system bus and a systemd-udevd of its own. Disposing of it ends its daemons, the last made first. */
export interface PrivateHost extends HostPlace, AsyncDisposable {
  /** The host's network namespace as a process outside names it. */
  readonly netns: string;
  /** The bus; to kill it ends it for good. */
  readonly bus: Omit<ReadyChild, 'ended'>;
  /** A daemon that ends with this host; it is not started yet. */
  createDaemon(options: HostDaemonOptions): HostDaemon;
  /** Runs the rest of a start. Where that fails, the host is disposed of before the error goes on. */
  complete(rest: () => Promise<void>): Promise<void>;
}

/** How {@link startPrivateHost} makes it. */
export interface PrivateHostOptions {
  /** Its name, for people who look at processes. */
  readonly name: string;
  /** Shell lines (`set -e`) that complete `/run` and `/etc` before systemd-udevd starts. */
  readonly files: string;
  /** Rules of the distribution for udev beside those that it needs for links, by file name. */
  readonly udevRules?: readonly string[];
  /** Directories covered by empty file systems, beside `/run` and udev's rules; those that this machine has. */
  readonly covered?: readonly string[];
  /** A shell line before systemd-udevd is told to exit. */
  readonly beforeExit?: string;
  /** dbus-daemon(1); default the distribution's for the system bus. */
  readonly busConfiguration?: string;
  /** For systemd-udevd and for the bus. */
  readonly limitMs: number;
}

/** Where every host has it. */
export const BUS_SOCKET = '/run/dbus/system_bus_socket';
const BUS_CONFIGURATION = '/run/bus.conf';

/** What this machine lacks for {@link startPrivateHost}, with the apt package; beside `labNeeds()`. */
export function privateHostNeeds(): string[] {
  return [...missingPrograms({ 'dbus-daemon': 'dbus-daemon' }), ...udevdNeeds()];
}

/**
 * Starts a private system bus and systemd-udevd in the host's namespace and in a mount namespace of their own. Rejects with `DEFECT` and
 * the words of what failed; nothing of it runs then.
 *
 * `/run` and udev's rules of disks are covered by empty file systems there, `/etc` by a copy.
 */
export async function startPrivateHost(lab: Lab, options: PrivateHostOptions): Promise<PrivateHost> {
  const { name, beforeExit, limitMs } = options;
  const keeper = await startUdevdKeeper(lab, {
    name,
    mounts: writeMounts(options),
    trigger: 'udevadm trigger --settle --action=add --subsystem-match=net',
    ...(beforeExit === undefined ? {} : { beforeExit }),
    limitMs,
  });
  const root = `/proc/${keeper.pid}/root`;
  const inside = (netns: string, command: readonly string[]) =>
    netns === lab.hostNs ? [...keeper.within, ...command] : command;
  const host: Lab = {
    ...lab,
    run: (netns, command, runOptions) => lab.run(netns, inside(netns, command), runOptions),
    spawn: (netns, command, spawnOptions) => lab.spawn(netns, inside(netns, command), spawnOptions),
  };
  const place: HostPlace = { address: `unix:path=${root}${BUS_SOCKET}`, host, root };
  const bus = await startBus(place, options).catch(async (error: unknown) => {
    await keeper.stop();
    throw error;
  });
  const daemons: HostDaemon[] = [];
  const dispose = async () => {
    for (const daemon of daemons.toReversed()) await daemon.stop();
    await bus.kill();
    await keeper.stop();
  };
  return {
    ...place,
    netns: `/proc/${keeper.pid}/ns/net`,
    bus,
    createDaemon: daemonOptions => {
      const daemon = createHostDaemon(place, daemonOptions);
      daemons.push(daemon);
      return daemon;
    },
    complete: async rest => {
      try {
        await rest();
      } catch (error) {
        await dispose();
        throw error;
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}

async function startBus({ host, root }: HostPlace, options: PrivateHostOptions): Promise<ReadyChild> {
  const { busConfiguration, limitMs } = options;
  if (busConfiguration !== undefined) await writeFile(`${root}${BUS_CONFIGURATION}`, busConfiguration);
  const source = busConfiguration === undefined ? '--system' : `--config-file=${BUS_CONFIGURATION}`;
  const argv = ['dbus-daemon', source, '--nofork', '--nopidfile', '--nosyslog', '--print-address'];
  const child = host.spawn(host.hostNs, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  return await untilReady(child, { what: 'dbus-daemon', object: host.hostNs, limitMs });
}

function writeMounts({ files, udevRules = [], covered = [] }: PrivateHostOptions): string {
  return `
mount -t tmpfs tmpfs /run
mkdir -p /run/udev/rules.d /run/systemd/network /run/dbus
for rule in 75-net-description.rules 80-net-setup-link.rules ${udevRules.join(' ')}; do
  for dir in /usr/lib /lib; do [ ! -f "$dir/udev/rules.d/$rule" ] || cp "$dir/udev/rules.d/$rule" /run/udev/rules.d/; done
done
cp -a /etc /run/etc
mount --bind /run/etc /etc
rm -rf /etc/udev/rules.d/* /etc/systemd/network/*
mkdir -p /etc/udev/rules.d
for dir in /usr/lib/udev/rules.d /lib/udev/rules.d ${covered.join(' ')}; do
  [ ! -d "$dir" ] || mount -t tmpfs tmpfs "$dir"
done
${files}`;
}
