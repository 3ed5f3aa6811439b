import { answersTo, type Link } from '../../../domain/link.ts';
import type { KernelModel } from '../kernel/kernel-model.ts';

/** What Open vSwitch needs of the kernel. */
export type OvsKernel = Pick<
  KernelModel,
  'read' | 'apply' | 'addLink' | 'removeLink' | 'updateLink' | 'setMaster' | 'subscribe'
>;

/** The link of a kernel datapath and that of the userspace datapath; each is there while a bridge of its type is. */
export const DATAPATH_LINK = { system: 'ovs-system', netdev: 'ovs-netdev' } as const;

/** A link by name or altname, as ioctls and TUNSETIFF find it (`__dev_get_by_name`). */
export function lookUp(kernel: OvsKernel, name: string): Link | undefined {
  const { links } = kernel.read({ routes: false });
  return links.find(link => link.name === name) ?? links.find(link => answersTo(link, name));
}

/** A link by ifindex. */
export function linkAt(kernel: OvsKernel, index: number): Link | undefined {
  return kernel.read({ routes: false }).links.find(link => link.index === index);
}

/** Locally administered MACs in place of those that are drawn at random, the same in every run. */
export function drawMac(number: number): string {
  const hex = number.toString(16).padStart(6, '0');
  return `ae:0b:c5:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}
