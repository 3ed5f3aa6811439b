import { readdir, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { answersTo, type Link } from '../domain/link.ts';
import { CNI_CODES, type CniError, cniError } from './cni-error.ts';
import type { DeviceSelector } from './config/device-selector.ts';
import { CONFIG } from './config/network-config.ts';
import type { MovedLink } from './device-mover.ts';

/** A link of the host that the configuration names. */
export interface FoundDevice {
  readonly link: Link;
  /** Null for what is on no PCI bus. */
  readonly pciAddress: string | null;
}

/** Where a device is looked for. */
export interface Surroundings {
  /** Links of the namespace that the plugin runs in. */
  readonly links: readonly Link[];
  /** Links that are away: to say who has the device. */
  readonly attachments: readonly MovedLink[];
  /** The folder that /sys is below. */
  readonly root: string;
}

const PCI_DEVICES = 'sys/bus/pci/devices';
const AUXILIARY_DEVICES = 'sys/bus/auxiliary/devices';
/** Drivers of programs that drive the device themselves (DPDK): the kernel has no link for it. */
const USERSPACE_DRIVERS = ['vfio-pci', 'uio_pci_generic', 'igb_uio'];

/** Finds the one link that is meant. Throws an error of code 100 for none and for several, of code 2 for a device without a link of the kernel's. */
export async function findDevice(selector: DeviceSelector, surroundings: Surroundings): Promise<FoundDevice> {
  const { by, value } = selector;
  const { links, root } = surroundings;
  switch (by) {
    case 'device':
      return onlyOne(
        selector,
        links.filter(link => answersTo(link, value)),
        surroundings,
      );
    case 'hwaddr':
      return onlyOne(selector, withMac(links, value), surroundings);
    case 'kernelpath':
      return onlyOne(selector, await linksBelow(join(root, value), links), surroundings);
    case 'pciBusID':
      return await findOnPciBus(selector, value, surroundings);
    case 'runtimeConfig.deviceID': {
      if (await isFolder(join(root, PCI_DEVICES, value))) return await findOnPciBus(selector, value, surroundings);
      return onlyOne(selector, await linksBelow(join(root, AUXILIARY_DEVICES, value), links), surroundings);
    }
  }
}

/** By the MAC that is burnt in before that which is set: bonds, VLANs and bridges go by the MAC of a link below. */
function withMac(links: readonly Link[], mac: string): readonly Link[] {
  const burntIn = links.filter(link => link.permanentMac === mac);
  return burntIn.length > 0 ? burntIn : links.filter(link => link.mac === mac);
}

async function findOnPciBus(
  selector: DeviceSelector,
  address: string,
  surroundings: Surroundings,
): Promise<FoundDevice> {
  const device = join(surroundings.root, PCI_DEVICES, address);
  const driver = await readlink(join(device, 'driver')).then(basename, () => null);
  if (driver !== null && USERSPACE_DRIVERS.includes(driver)) throw withoutLink(selector, driver);
  // A virtio device of its own may be between the PCI device and the link.
  const between = (await namesIn(device)).filter(name => /^virtio\d+$/.test(name));
  const devices = [device, ...between.map(name => join(device, name))];
  const below = await Promise.all(devices.map(one => linksBelow(one, surroundings.links)));
  const found = onlyOne(selector, below.flat(), surroundings);
  return { ...found, pciAddress: address };
}

function onlyOne(selector: DeviceSelector, found: readonly Link[], surroundings: Surroundings): FoundDevice {
  const [link, ...others] = found;
  if (link === undefined) throw notFound(selector, surroundings);
  if (others.length > 0) throw ambiguous(selector, found);
  return { link, pciAddress: link.parentBus === 'pci' ? link.parentDevice : null };
}

/**
 * Links of a device. /sys has those of the namespace that it was mounted in, which need not be the plugin's: there another link may have the name,
 * but it is not of that device.
 */
async function linksBelow(device: string, links: readonly Link[]): Promise<readonly Link[]> {
  const names = await namesIn(join(device, 'net'));
  if (names.length === 0) return [];
  const owner = basename(await realpath(device));
  return links.filter(link => names.includes(link.name) && (link.parentDevice ?? owner) === owner);
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

function isFolder(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}

function notFound({ by, value }: DeviceSelector, { attachments }: Surroundings): CniError {
  const holder = attachments.find(({ link }) => isMeant(by, value, link));
  const user = holder?.attachment;
  return cniError(CNI_CODES.noDevice, {
    what: `${CONFIG}: ${by} names no link of the host`,
    object: value,
    expected: 'a link in the namespace that the plugin runs in',
    got:
      holder === undefined ? 'none' : `${holder.link.name}, which is ${user?.ifname} of container ${user?.containerId}`,
    advice: holder === undefined ? 'see "ip link" and /sys/class/net on the host' : 'take it from there with DEL first',
  });
}

function isMeant(by: DeviceSelector['by'], value: string, link: Link): boolean {
  switch (by) {
    case 'device':
      return answersTo(link, value);
    case 'hwaddr':
      return link.permanentMac === value || link.mac === value;
    case 'kernelpath':
      return link.parentDevice !== null && basename(value) === link.parentDevice;
    case 'pciBusID':
    case 'runtimeConfig.deviceID':
      return link.parentDevice === value;
  }
}

function ambiguous({ by, value }: DeviceSelector, found: readonly Link[]): CniError {
  return cniError(CNI_CODES.noDevice, {
    what: `${CONFIG}: ${by} names several links of the host`,
    object: value,
    expected: 'one link',
    got: found.map(link => link.name).join(', '),
    advice: 'name the one that is meant with "device"',
  });
}

function withoutLink({ by, value }: DeviceSelector, driver: string): CniError {
  return cniError(CNI_CODES.unsupportedField, {
    what: `${CONFIG}: ${by} ${value} is a device without a link`,
    object: `driver ${driver}`,
    expected: 'a device with a driver of the kernel’s own',
    got: driver,
    advice: 'bind it to its network driver, or hand it to the container without this plugin',
  });
}
