import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Link } from '../domain/link.ts';
import type { Sriov } from '../domain/move/precheck.ts';
import type { MoveFacts } from './host.ts';
import { readIdentity } from './linux-facts.ts';

/** Facts outside netlink that a move needs; `root` is for tests. What cannot be read is empty or null; never rejects. */
export async function readMoveFacts(link: Link | null, root = '/'): Promise<MoveFacts> {
  return { identity: await readIdentity(root), sriov: link === null ? null : await readSriov(link, root) };
}

/** True when a device is on its bus. */
export function hasDevice(bus: string, device: string, root = '/'): boolean {
  const isName = (text: string): boolean => /^[\w:.-]+$/.test(text) && !text.startsWith('.');
  return isName(bus) && isName(device) && existsSync(join(root, 'sys/bus', bus, 'devices', device));
}

/** By the bus and not by the link's name: /sys/class/net is that of the namespace it was mounted in. */
async function readSriov({ parentBus, parentDevice }: Link, root: string): Promise<Sriov | null> {
  if (parentBus !== 'pci' || parentDevice === null || !/^[0-9a-f:.]+$/i.test(parentDevice)) return null;
  const folder = join(root, 'sys/bus/pci/devices', parentDevice);
  if (existsSync(join(folder, 'physfn'))) return { isVirtual: true };
  const text = await readFile(join(folder, 'sriov_numvfs'), 'utf8').catch(() => '');
  return text === '' ? null : { isVirtual: false, functions: Number(text) };
}
