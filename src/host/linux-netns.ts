import { closeSync, constants, fstatSync, openSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { HOME } from '../domain/effect.ts';
import { isUp } from '../domain/link.ts';
import { uplinkError } from '../errors.ts';
import type { Netlink } from '../netlink/index.ts';
import { bindMount, createNetnsThread, openNetlinkFrom, unmount } from '../netlink/index.ts';
import type { Host, MoveAbilities, Netns } from './host.ts';
import { applyEffects } from './linux-effects.ts';
import { linkSysctlPath } from './linux-sysctl.ts';

/** The namespace that this process is in: no thread of it that opens files is ever in another one. */
const OWN_NETNS = '/proc/self/ns/net';

const EXPECTED_PATH = 'a file like /run/netns/NAME or /proc/PID/ns/net';

/** The namespaces that a host has open. */
export interface LinuxNetnses
  extends AsyncDisposable,
    Pick<Host, 'openNetns' | 'createNetns' | 'removeNetns' | 'findNetns' | 'probeMove'> {
  /** Descriptor of an open one, or of the host's own. Throws `DEFECT` for one that is not. */
  fdOf(to: string): number;
}

/** Nothing is opened before the first call. */
export function createNetnses(): LinuxNetnses {
  const fds = new Map<string, number>();
  const thread = createNetnsThread();
  let own: number | undefined;
  let abilities: Promise<MoveAbilities> | undefined;

  const ownFd = (): number => {
    own ??= openFile(OWN_NETNS);
    return own;
  };
  const fdOf = (to: string): number => {
    const fd = to === HOME ? ownFd() : fds.get(to);
    if (fd === undefined) throw uplinkError('DEFECT', { what: 'the network namespace is not open', object: to });
    return fd;
  };

  return {
    fdOf,
    async openNetns(path): Promise<Netns> {
      const fd = openFile(path);
      const id = identify(fd);
      let netlink: Netlink;
      try {
        refuseOther(fd, id === identify(ownFd()), path);
        netlink = await openNetlinkFrom(thread, fd, path);
      } catch (error) {
        closeSync(fd);
        throw error;
      }
      fds.set(path, fd);
      return {
        path,
        id,
        async readKernel({ routes }) {
          const [links, addresses] = [await netlink.links(), await netlink.addresses()];
          return { links, addresses, routes: routes ? await netlink.routes() : [], rules: [], neighbours: [] };
        },
        apply(effects, signal) {
          const writeSysctl = (linkName: string, key: string, value: string): Promise<void> =>
            thread.writeSysctl(fd, path, linkSysctlPath(linkName, key), value);
          return applyEffects(effects, { ...NOT_THERE, netlink, netnsFd: fdOf, writeSysctl }, signal);
        },
        subscribe(listener) {
          const events = netlink.subscribe(['link', 'address'], listener);
          return () => events.close();
        },
        async [Symbol.asyncDispose]() {
          fds.delete(path);
          await netlink.close();
          closeSync(fd);
        },
      };
    },
    async createNetns(path) {
      const fd = await thread.make();
      try {
        const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
        closeSync(openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600));
        bindMount(`/proc/self/fd/${fd}`, path);
      } finally {
        closeSync(fd);
      }
    },
    async removeNetns(path) {
      unmount(path);
      rmSync(path, { force: true });
    },
    async findNetns(id) {
      const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name));
      return processes.map(pid => `/proc/${pid}/ns/net`).find(path => idOf(path) === id);
    },
    probeMove() {
      abilities ??= probeMove(thread).catch(error => {
        abilities = undefined;
        throw error;
      });
      return abilities;
    },
    async [Symbol.asyncDispose]() {
      await thread[Symbol.asyncDispose]();
      if (own !== undefined) closeSync(own);
      own = undefined;
    },
  };
}

/** A veth goes from one namespace to another, both made for it. They, and it, end with their descriptors, however this process ends. */
async function probeMove(thread: ReturnType<typeof createNetnsThread>): Promise<MoveAbilities> {
  const fds: number[] = [];
  try {
    fds.push(await thread.make());
    fds.push(await thread.make());
    const [from, to] = fds as [number, number];
    await using here = await openNetlinkFrom(thread, from, 'a namespace to probe in');
    await using there = await openNetlinkFrom(thread, to, 'a namespace to probe in');
    // A kernel without veth tells nothing; by steps a link always moves.
    await here.createLink({ kind: 'veth', name: 'probe0', peer: { name: 'probe1' } }).catch(() => undefined);
    const made = await here.linkByName('probe0');
    if (made === undefined) return { oneMessage: false };
    await here.setLink(made.index, { netnsFd: to, name: 'probe2', up: true }).catch(() => undefined);
    const moved = await there.linkByName('probe2');
    return { oneMessage: moved !== undefined && isUp(moved) };
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** statfs(2) of everything below /proc/PID/ns, wherever it is mounted. */
const NSFS_MAGIC = 0x6e736673;

function refuseOther(fd: number, isOwn: boolean, path: string): void {
  if (statfsSync(`/proc/self/fd/${fd}`).type === NSFS_MAGIC && !isOwn) return;
  throw uplinkError('USAGE', {
    what: isOwn ? 'the target is the network namespace of this host itself' : 'the file is no network namespace',
    object: path,
    expected: isOwn ? 'another network namespace' : EXPECTED_PATH,
  });
}

/** A namespace that we only move links to has neither Open vSwitch nor managers of ours. */
const NOT_THERE = {
  commit: refuse,
  askOwner: refuse,
  drops: refuse,
  withDrain: refuse,
};

function refuse(): never {
  throw uplinkError('DEFECT', { what: 'not a change that is made in another network namespace' });
}

function openFile(path: string): number {
  try {
    // A pipe of that name must not hold us up.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw uplinkError(
      'USAGE',
      {
        what: 'cannot open the network namespace',
        object: path,
        expected: EXPECTED_PATH,
        got: code ?? String(error),
        advice: 'see "ip netns list"; was it removed?',
      },
      error,
    );
  }
}

/** Undefined for a process that has ended meanwhile. */
function idOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function identify(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}
