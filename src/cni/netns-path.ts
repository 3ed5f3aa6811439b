import { stat, statfs } from 'node:fs/promises';
import { unusableVariable } from './environment.ts';

/** NSFS_MAGIC (linux/magic.h): the file system of namespaces. */
const NSFS_MAGIC = 0x6e736673;
const OWN_NETNS = '/proc/self/ns/net';

/**
 * Makes sure that CNI_NETNS is a namespace, and not the one that the plugin runs in. Which kind of namespace only the kernel can tell, when it is
 * entered. Throws an error of code 4.
 */
export async function checkNetns(netns: string): Promise<void> {
  const broken = (got: string, advice: string) => unusableVariable('CNI_NETNS', `${netns}, ${got}`, advice);
  try {
    const { type } = await statfs(netns);
    if (type !== NSFS_MAGIC) throw broken('which is no namespace', 'is it still mounted?');
    const [theirs, own] = [await stat(netns), await stat(OWN_NETNS)];
    if (theirs.dev !== own.dev || theirs.ino !== own.ino) return;
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw broken(`which cannot be read (${error.code})`, 'does the container still run?');
  }
  throw broken('which is the namespace that the plugin runs in', 'a link is never moved to where it is');
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
