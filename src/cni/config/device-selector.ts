import * as z from 'zod';
import { nearMiss } from '../../domain/near-miss.ts';
import { CNI_CODES, type CniError, cniError } from '../cni-error.ts';
import { textOf } from './text-of.ts';

/** What the configuration says about the device. */
export interface DeviceSelector {
  /** The key that says it. */
  readonly by: 'device' | 'hwaddr' | 'kernelpath' | 'pciBusID' | 'runtimeConfig.deviceID';
  /** Checked, and in the kernel's own form. */
  readonly value: string;
}

// Altnames may be longer than names. The empty text is as good as none in all of these.
const device = textOf(
  'the name of a link, like eth1',
  text => /^([^/\s\p{Cc}]{1,127})?$/u.test(text) && text !== '.' && text !== '..',
);

/** Colons, hyphens, or dots between groups of four: what Go's net.ParseMAC takes, of 6, 8 or 20 bytes. */
const MAC_FORMS = [/^[0-9a-f]{2}(([:-])[0-9a-f]{2})(\2[0-9a-f]{2})*$/i, /^[0-9a-f]{4}(\.[0-9a-f]{4})+$/i];
const MAC_DIGITS = [12, 16, 40];
const hwaddr = textOf('a MAC, like 52:54:00:00:00:01', text => {
  const isMac = MAC_FORMS.some(form => form.test(text)) && MAC_DIGITS.includes(digitsOf(text).length);
  return text === '' || isMac;
}).transform(text => digitsOf(text).replaceAll(/..(?!$)/g, '$&:'));

const kernelpath = textOf(
  'a path below /sys/devices, without "..", like /sys/devices/pci0000:00/0000:00:1f.6',
  text => text.length < 4000 && /^(\/sys\/devices\/[^\0]+)?$/.test(text) && !text.split('/').includes('..'),
);

const pciBusID = textOf('a PCI address, like 0000:00:1f.6', text =>
  /^([0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7])?$/i.test(text),
).transform(text => text.toLowerCase());

const deviceID = textOf(
  'a PCI address, like 0000:00:1f.6, or a device of the auxiliary bus, like mlx5_core.sf.4',
  text => /^([a-z0-9][\w.:-]{0,254})?$/i.test(text),
);

function digitsOf(mac: string): string {
  return mac.toLowerCase().replaceAll(/[:.-]/g, '');
}

/** Keys of the configuration that say which device is meant. */
export const selectorShape = {
  device: device.nullish(),
  hwaddr: hwaddr.nullish(),
  kernelpath: kernelpath.nullish(),
  pciBusID: pciBusID.nullish(),
  runtimeConfig: z.looseObject({ deviceID: deviceID.nullish() }, 'keys and values').nullish(),
};

type SelectorKeys = z.output<z.ZodObject<typeof selectorShape>>;

/**
 * The one that counts, in the order of containernetworking's host-device: `device`, `hwaddr`, `kernelpath`, then the device that the runtime has
 * picked, then `pciBusID`. Undefined where there is none.
 */
export function selectorOf(config: SelectorKeys): DeviceSelector | undefined {
  const { device, hwaddr, kernelpath, pciBusID } = config;
  const candidates = [
    { by: 'device', value: device },
    { by: 'hwaddr', value: hwaddr },
    { by: 'kernelpath', value: kernelpath },
    { by: 'runtimeConfig.deviceID', value: config.runtimeConfig?.deviceID },
    { by: 'pciBusID', value: pciBusID },
  ] as const;
  for (const { by, value } of candidates) {
    if (value !== undefined && value !== null && value !== '') return { by, value };
  }
  return undefined;
}

const SELECTOR_KEYS = Object.keys(selectorShape).filter(key => key !== 'runtimeConfig');

/** For a configuration that names no device; with the key that was probably meant, of those that it has. */
export function noSelector(config: Readonly<Record<string, unknown>>): CniError {
  const meant = Object.keys(config).flatMap(key => {
    const known = SELECTOR_KEYS.includes(key) ? undefined : nearMiss(key, SELECTOR_KEYS);
    return known === undefined ? [] : [`did you mean ${known} by ${key}?`];
  });
  return cniError(CNI_CODES.invalidConfig, {
    what: 'the network configuration names no device',
    expected: `one of ${SELECTOR_KEYS.join(', ')}, or runtimeConfig.deviceID`,
    got: 'none of them',
    advice: meant[0] ?? 'add one; for devices of a device plugin "capabilities": {"deviceID": true}',
  });
}
