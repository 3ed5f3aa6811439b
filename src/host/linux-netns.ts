import { closeSync, constants, fstatSync, openSync, statfsSync } from 'node:fs';
import { HOME } from '../domain/effect.ts';
import { uplinkError } from '../errors.ts';
import type { Netlink } from '../netlink/index.ts';
import { openNetlink } from '../netlink/index.ts';
import type { Netns } from './host.ts';
import { applyEffects } from './linux-effects.ts';

/** The namespace that this process is in: no thread of it that opens files is ever in another one. */
const OWN_NETNS = '/proc/self/ns/net';

const EXPECTED_PATH = 'a file like /run/netns/NAME or /proc/PID/ns/net';

/** The namespaces that a host has open. */
export interface LinuxNetnses {
  open(path: string): Netns;
  /** Descriptor of an open one. Throws `DEFECT` for one that is not. */
  fdOf(path: string): number;
}

/** Nothing is opened before the first call. */
export function createNetnses(): LinuxNetnses {
  const fds = new Map<string, number>();
  return {
    open(path) {
      const fd = openFile(path);
      const own = openFile(OWN_NETNS);
      const id = identify(fd);
      let netlink: Netlink;
      try {
        netlink = openIn(fd, id === identify(own), path);
      } catch (error) {
        closeSync(own);
        closeSync(fd);
        throw error;
      }
      fds.set(path, fd);
      return {
        path,
        id,
        async readKernel() {
          const [links, addresses] = [await netlink.links(), await netlink.addresses()];
          return { links, addresses, routes: [], rules: [], neighbours: [] };
        },
        apply: (effects, signal) => applyEffects(effects, { ...NOT_THERE, netlink, netnsFd: homeOnly(own) }, signal),
        async [Symbol.asyncDispose]() {
          fds.delete(path);
          await netlink.close();
          closeSync(own);
          closeSync(fd);
        },
      };
    },
    fdOf(path) {
      const fd = fds.get(path);
      if (fd === undefined) throw uplinkError('DEFECT', { what: 'the network namespace is not open', object: path });
      return fd;
    },
  };
}

/** statfs(2) of everything below /proc/PID/ns, wherever it is mounted. */
const NSFS_MAGIC = 0x6e736673;

function openIn(fd: number, isOwn: boolean, path: string): Netlink {
  const entry = `/proc/self/fd/${fd}`;
  const isNamespace = statfsSync(entry).type === NSFS_MAGIC;
  if (isNamespace && !isOwn) return openNetlink({ netnsPath: entry });
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

function homeOnly(own: number): (to: string) => number {
  return to => {
    if (to !== HOME) throw uplinkError('DEFECT', { what: 'a link only comes home from there', object: to });
    return own;
  };
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

function identify(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}
