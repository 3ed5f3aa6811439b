import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { uplinkError } from '../../src/errors.ts';
import { runCommand } from '../lab/command.ts';

/** A kernel that can be booted, with its modules. */
export interface GuestKernel {
  /** `6.1.0-56-amd64` */
  readonly release: string;
  readonly image: string;
  /** What belongs at `/lib/modules/<release>`; a `modules.dep` is in it. */
  readonly modules: string;
}

/** Debian's package that depends on the newest kernel of the release. */
const META_PACKAGE = 'linux-image-amd64';
const DOWNLOAD_TIMEOUT_MS = 300_000;
/** What of the modules may be of use: networks, 9p over virtio, overlay; a tenth of the package. */
const KEPT = [
  'kernel/net',
  'kernel/drivers/net',
  'kernel/drivers/virtio',
  'kernel/drivers/char',
  'kernel/drivers/vhost',
  'kernel/fs/9p',
  'kernel/fs/fscache',
  'kernel/fs/netfs',
  'kernel/fs/overlayfs',
  'kernel/lib',
  'kernel/crypto',
  'kernel/arch/x86/crypto',
  'modules.builtin',
  'modules.builtin.modinfo',
  'modules.order',
];

/** Where kernels are kept. */
export function kernelCache(): string {
  return process.env['OVS_UPLINK_VM_CACHE'] ?? join(homedir(), '.cache', 'ovs-uplink-vm');
}

/**
 * Debian's present kernel, from the cache or downloaded into it (70 MB). Where apt knows none the newest of the cache is taken. Rejects with
 * `UNSUPPORTED` and apt's words where there is neither.
 *
 * A folder of the cache has its name from the moment at which it is complete: two runs, or one that is killed, leave each other in peace.
 */
export async function obtainKernel(cache = kernelCache()): Promise<GuestKernel> {
  const candidate = await debianKernel();
  if (candidate === undefined) {
    const newest = (await cachedVersions(cache)).at(-1);
    if (newest === undefined) {
      throw uplinkError('UNSUPPORTED', {
        what: 'no kernel for the VM lab',
        object: META_PACKAGE,
        expected: `apt to know the package, or a kernel in ${cache}`,
        advice: 'apt-get update on Debian 12',
      });
    }
    return describe(join(cache, newest));
  }
  const folder = join(cache, `${candidate.name}_${candidate.version.replaceAll(':', '.')}`);
  if (!existsSync(folder)) await download(candidate, cache, folder);
  return describe(folder);
}

interface AptPackage {
  readonly name: string;
  readonly version: string;
}

async function debianKernel(): Promise<AptPackage | undefined> {
  const depends = await aptCache('depends', META_PACKAGE);
  const name = /Depends: (linux-image-\d\S*)/.exec(depends)?.[1];
  if (name === undefined) return undefined;
  const version = /Candidate: (\S+)/.exec(await aptCache('policy', name))?.[1];
  return version === undefined || version === '(none)' ? undefined : { name, version };
}

async function aptCache(...args: readonly string[]): Promise<string> {
  // No apt at all is no mistake here: the cache may have been filled elsewhere.
  return await runCommand(['apt-cache', ...args]).then(
    result => result.stdout,
    () => '',
  );
}

async function cachedVersions(cache: string): Promise<string[]> {
  const names = await readdir(cache).catch((): string[] => []);
  return names
    .filter(name => name.startsWith('linux-image-'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

async function download({ name, version }: AptPackage, cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  // Beside its place, so that it can be renamed into it.
  const work = await mkdtemp(join(cache, 'unfinished-'));
  try {
    const script = 'cd "$1" && shift && exec apt-get download -qq -o APT::Sandbox::User=root "$@"';
    await must(['sh', '-c', script, 'download', work, `${name}=${version}`]);
    const file = (await readdir(work)).find(entry => entry.endsWith('.deb')) ?? '';
    const root = join(work, 'root');
    await must(['dpkg', '-x', join(work, file), root]);
    await pick(root, join(work, 'kernel'));
    await rename(join(work, 'kernel'), folder).catch(error => {
      if (!existsSync(folder)) throw error; // otherwise another run was faster, with the same
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Lays out what is kept of an unpacked package, and lists the dependencies of its modules. */
async function pick(root: string, kernel: string): Promise<void> {
  const [release = ''] = await readdir(join(root, 'lib', 'modules'));
  const [from, to] = [root, kernel].map(base => join(base, 'lib', 'modules', release)) as [string, string];
  await mkdir(to, { recursive: true });
  for (const path of KEPT) {
    const source = join(from, path);
    if (existsSync(source)) await cp(source, join(to, path), { recursive: true });
  }
  await cp(join(root, 'boot', `vmlinuz-${release}`), join(kernel, 'vmlinuz'));
  await must(['depmod', '-b', kernel, release]);
}

async function must(argv: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(argv, { timeoutMs: DOWNLOAD_TIMEOUT_MS });
  if (code === 0) return;
  throw uplinkError('UNSUPPORTED', {
    what: 'the kernel for the VM lab is not to be had',
    object: argv.join(' '),
    got: `exit ${code}: ${stderr.trim().slice(-500)}`,
  });
}

async function describe(folder: string): Promise<GuestKernel> {
  const [release = ''] = await readdir(join(folder, 'lib', 'modules'));
  return { release, image: join(folder, 'vmlinuz'), modules: join(folder, 'lib', 'modules', release) };
}
