import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { uplinkError } from '../../src/errors.ts';
import { type CpioEntry, cpioArchive } from './cpio.ts';
import type { GuestKernel } from './kernel-cache.ts';

/** What the guest needs before it can reach the machine's root file system; everything else is loaded from there when it is needed. */
const EARLY_MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_console'];

/** Name of the virtio port over which the guest is driven. */
export const PORT_NAME = 'ovs-uplink';

/** Tags of the folders that the guest mounts over 9p. */
export const MOUNT_TAGS = { root: 'root', modules: 'modules', output: 'output' } as const;

/** The file descriptor on which the guest's program answers; what it prints goes into the log. */
export const GUEST_CHANNEL = 4;

/** Where the guest writes what shall outlive it. */
export const GUEST_OUTPUT = '/output';

/**
 * The guest's first file system: a static busybox, the modules for 9p, and an init that lays a RAM disk over this machine's root, read-only,
 * and runs `command` there. The guest ends with the command.
 */
export function buildInitramfs(kernel: GuestKernel, busybox: string, command: readonly string[]): Buffer {
  const modules = withDependencies(kernel, EARLY_MODULES);
  const folders = ['bin', 'modules', 'proc', 'sys', 'dev', 'lower', 'overlay', 'new'].map(path => ({ path }));
  const files: CpioEntry[] = [
    { path: 'bin/busybox', data: readFileSync(busybox) },
    ...modules.map(path => ({ path: `modules/${basename(path)}`, data: readFileSync(join(kernel.modules, path)) })),
    {
      path: 'init',
      data: Buffer.from(
        initScript(
          kernel,
          modules.map(path => basename(path)),
          command,
        ),
      ),
    },
  ];
  return cpioArchive([...folders, ...files]);
}

/** Paths of modules below the folder of modules, each after those that it needs; what is built in has none. */
function withDependencies(kernel: GuestKernel, names: readonly string[]): readonly string[] {
  const dependencies = new Map<string, readonly string[]>();
  for (const line of readFileSync(join(kernel.modules, 'modules.dep'), 'utf8').split('\n')) {
    const [path, needed] = line.split(':');
    if (path && needed !== undefined) dependencies.set(path, needed.trim().split(' ').filter(Boolean));
  }
  const builtIn = readFileSync(join(kernel.modules, 'modules.builtin'), 'utf8');
  const named = (name: string) => [...dependencies.keys()].find(path => basename(path) === `${name}.ko`);
  const ordered = new Set<string>();
  for (const name of names) {
    const path = named(name);
    if (path === undefined) {
      if (builtIn.includes(`/${name}.ko`)) continue;
      throw uplinkError('UNSUPPORTED', { what: 'the kernel lacks a module', object: kernel.release, expected: name });
    }
    // modules.dep(5): the nearest dependency first.
    for (const each of [...dependencies.get(path)!.toReversed(), path]) ordered.add(each);
  }
  return [...ordered];
}

/** No value in it comes from outside this file but the release, which is a file name of Debian's, and the command. */
function initScript(kernel: GuestKernel, modules: readonly string[], command: readonly string[]): string {
  const quoted = command.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const ninep = 'trans=virtio,version=9p2000.L,msize=512000';
  return `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for module in ${modules.join(' ')}; do $b insmod /modules/$module; done
$b mount -t 9p -o ${ninep},cache=loose,ro ${MOUNT_TAGS.root} /lower
$b mount -t tmpfs tmpfs /overlay; $b mkdir /overlay/upper /overlay/work
$b mount -t overlay overlay -o lowerdir=/lower,upperdir=/overlay/upper,workdir=/overlay/work /new
for dir in proc sys dev; do $b mkdir -p /new/$dir; $b mount --move /$dir /new/$dir; done
# The machine's own processes are not here: nothing of what they left in this folder is true.
$b mount -t tmpfs -o mode=755 tmpfs /new/run
$b mkdir -p /new/lib/modules/${kernel.release} /new${GUEST_OUTPUT}
$b mount -t 9p -o ${ninep},cache=loose,ro ${MOUNT_TAGS.modules} /new/lib/modules/${kernel.release}
$b mount -t 9p -o ${ninep},rw ${MOUNT_TAGS.output} /new${GUEST_OUTPUT}
# Also the kernel's own helpers (modprobe) look from the root of process 1.
exec $b switch_root /new /bin/sh -c '
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root NODE_COMPILE_CACHE=/run/compiled-code
  ip link set lo up
  # As the init scripts of a distribution do.
  modprobe -a tun openvswitch
  mkdir -p /dev/shm /dev/pts; mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /dev/shm
  for port in /sys/class/virtio-ports/*; do
    [ "$(cat "$port/name")" != ${PORT_NAME} ] || exec 3<>"/dev/\${port##*/}"
  done
  # A port can be opened once, and only a pipe can be read without a thread that waits for it for ever.
  cat <&3 | "$@" ${GUEST_CHANNEL}>&3 3>&- >>${GUEST_OUTPUT}/guest.log 2>&1
  sync
  echo o >/proc/sysrq-trigger
  while :; do sleep 1; done
' guest ${quoted}
`;
}
