import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** How a block device comes over the network. */
export interface BlockTransport {
  readonly kind: 'iscsi' | 'nbd' | 'rbd' | 'nvme-of';
  /** Address of the other side; null where sysfs does not say. */
  readonly address: string | null;
}

/** Device mapper stacks (LUKS on LVM on multipath on iSCSI) are not deeper. */
const MAX_DEPTH = 8;

/**
 * Looks in sysfs whether a mount's block device, or one below it, comes over the network. Undefined when it does not, or when
 * that cannot be seen. Never rejects.
 */
export async function findBlockTransport(
  root: string,
  mount: { readonly device: string; readonly source: string },
): Promise<BlockTransport | undefined> {
  const path = await devicePath(root, mount).catch(() => undefined);
  return path === undefined ? undefined : transportOf(root, path, 0);
}

/** Folder of the device below /sys/devices. btrfs shows an anonymous device number: there the source tells. */
async function devicePath(
  root: string,
  { device, source }: { device: string; source: string },
): Promise<string | undefined> {
  if (!/^\d+:\d+$/.test(device)) return undefined;
  if (!device.startsWith('0:')) return realpath(join(root, 'sys/dev/block', device));
  if (!source.startsWith('/dev/')) return undefined;
  const node = await realpath(join(root, source));
  return realpath(join(root, 'sys/class/block', basename(node)));
}

async function transportOf(root: string, path: string, depth: number): Promise<BlockTransport | undefined> {
  const direct = await directTransport(root, path);
  if (direct !== undefined || depth >= MAX_DEPTH) return direct;
  const slaves = await readdir(join(path, 'slaves')).catch(() => []);
  for (const slave of slaves) {
    const below = await realpath(join(path, 'slaves', slave)).catch(() => undefined);
    const found = below === undefined ? undefined : await transportOf(root, below, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function directTransport(root: string, path: string): Promise<BlockTransport | undefined> {
  const session = /\/session(\d+)\//.exec(path)?.[1];
  if (session !== undefined) {
    // Fibre Channel and SAS have no session; software and offloaded iSCSI do, with one connection.
    const file = join(root, `sys/class/iscsi_connection/connection${session}:0/persistent_address`);
    return { kind: 'iscsi', address: await readWord(file) };
  }
  if (/\/block\/nbd\d+(\/|$)/.test(path)) return { kind: 'nbd', address: null };
  if (/\/devices\/rbd\//.test(path)) return { kind: 'rbd', address: null };
  return nvmeTransport(path);
}

/** nvme-fabrics/ctl/nvme0/nvme0n1 without, nvme-subsystem/nvme-subsys0/nvme0n1 with native multipath; PCIe has the latter too. */
async function nvmeTransport(path: string): Promise<BlockTransport | undefined> {
  const disk = /^(.*\/nvme\d+(?:c\d+)?n\d+)(?:\/|$)/.exec(path)?.[1];
  if (disk === undefined) return undefined;
  const above = dirname(disk);
  const names = /\/nvme-subsys\d+$/.test(above) ? await readdir(above).catch(() => []) : ['.'];
  for (const name of names.filter(one => one === '.' || /^nvme\d+$/.test(one))) {
    const transport = await readWord(join(above, name, 'transport'));
    if (transport !== 'tcp' && transport !== 'rdma') continue;
    const address = await readWord(join(above, name, 'address'));
    return { kind: 'nvme-of', address: /(?:^|,)traddr=([^,]+)/.exec(address ?? '')?.[1] ?? null };
  }
  return undefined;
}

async function readWord(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim() === '' ? null : text.trim();
}
