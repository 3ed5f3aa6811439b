import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostFacts } from '../domain/host-facts.ts';
import { findBlockTransport } from './linux-block-transport.ts';

type NetworkMount = HostFacts['networkMounts'][number];

/** File systems whose data is on another machine. 9p is one only with `trans=tcp`; virtiofs is the hypervisor's. */
const NETWORK_TYPES = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  'smbfs',
  'ceph',
  'afs',
  'coda',
  'ncpfs',
  'lustre',
  'beegfs',
  'gpfs',
  'orangefs',
  'pvfs2',
  'glusterfs',
  'fuse.glusterfs',
  'fuse.ceph',
  'fuse.ceph-fuse',
  'fuse.sshfs',
  'fuse.s3fs',
  'fuse.gcsfuse',
  'fuse.juicefs',
  'fuse.moosefs',
  'fuse.mfs',
  'fuse.seaweedfs',
  'fuse.rclone',
  'fuse.davfs',
]);

/** One line of mountinfo: proc_pid_mountinfo(5). */
export interface MountLine {
  /** `8:1`; major 0 where no block device stands behind it. */
  readonly device: string;
  readonly target: string;
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** Parses mountinfo; lines that do not fit are passed over. */
export function parseMountInfo(text: string): readonly MountLine[] {
  return text.split('\n').flatMap(line => {
    const fields = line.split(' ');
    // Any number of optional fields stands before the hyphen.
    const hyphen = fields.indexOf('-', 6);
    const [device, target] = [fields[2], fields[4]];
    const [type, source, options] = hyphen < 0 ? [] : fields.slice(hyphen + 1);
    if (device === undefined || target === undefined || type === undefined || source === undefined) return [];
    const superOptions = (options ?? '').split(',');
    return [{ device, target: decodeOctal(target), type, source: decodeOctal(source), superOptions }];
  });
}

/** The kernel writes space, tab, newline and backslash as octal. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Mounts over the network: network file systems, and block devices that iSCSI, NBD, RBD or NVMe over fabrics brings. Never rejects. */
export async function readNetworkMounts(root: string): Promise<readonly NetworkMount[]> {
  const text = await readFile(join(root, 'proc/self/mountinfo'), 'utf8').catch(() => '');
  const mounts: NetworkMount[] = [];
  for (const line of parseMountInfo(text)) {
    const mount = await asNetworkMount(root, line);
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts;
}

async function asNetworkMount(root: string, line: MountLine): Promise<NetworkMount | undefined> {
  const { type, source, target, superOptions } = line;
  const isRemote9p = type === '9p' && superOptions.some(option => option === 'trans=tcp' || option === 'trans=rdma');
  if (NETWORK_TYPES.has(type) || isRemote9p) return { source, target, type };
  const transport = await findBlockTransport(root, line);
  if (transport === undefined) return undefined;
  const { address } = transport;
  const server = address === null ? '' : `${address.includes(':') ? `[${address}]` : address}:`;
  return { source: `${server}${source}`, target, type: transport.kind };
}
