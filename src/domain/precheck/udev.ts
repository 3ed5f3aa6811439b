import type { Finding } from '../finding.ts';
import { answersTo } from '../link.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { renamesUplink } from './context.ts';
import { finding } from './finding-codes.ts';
import type { LinkFile, UdevDevice } from './link-file.ts';
import { firstMatch, lastValue, parseLinkFile } from './link-file.ts';

/** Rules about what udev does to the names. */
export const UDEV_RULES: readonly UplinkRule[] = [checkHostPortLinkFile, checkReturningAltname];

function filesOf({ facts }: Pick<UplinkContext, 'facts'>): readonly LinkFile[] {
  return facts.linkFiles.map(file => parseLinkFile(file.path, file.text));
}

/** The host port when udev sees it: the uplink's MAC, no hardware behind it, and a random MAC at birth, so no permanent one. */
function hostPortDevice({ uplink, datapath }: UplinkContext, name: string): UdevDevice {
  const driver = datapath === 'system' ? 'openvswitch' : 'tun';
  return { name, mac: uplink.mac, permanentMac: null, driver, kind: driver, path: null, properties: null };
}

/** The uplink as udev sees it; what netlink does not tell counts as fitting. */
export function uplinkDevice(uplink: UplinkContext['uplink']): UdevDevice {
  const { name, mac, permanentMac, kind } = uplink;
  return {
    name,
    mac,
    permanentMac: permanentMac ?? mac,
    driver: undefined,
    kind,
    path: undefined,
    properties: undefined,
  };
}

function checkHostPortLinkFile(context: UplinkContext): readonly Finding[] {
  const { names, uplink, kernel } = context;
  const { hostPort } = names;
  if (hostPort === null) return [];
  const file = firstMatch(filesOf(context), hostPortDevice(context, hostPort));
  if (file === undefined) return [];
  const byAddress = (file.match.get('MACAddress') ?? []).length > 0;
  const target = renameTarget(file);
  const cure = byAddress
    ? `match by PermanentMACAddress= in ${file.path}, or add Kind=!openvswitch and Driver=!tun`
    : `add Kind=!openvswitch and Driver=!tun to [Match] in ${file.path}`;
  const isTaken =
    [names.uplink, names.bridge].includes(target ?? '') || kernel.links.some(l => answersTo(l, target ?? ''));
  if (target !== undefined && target !== hostPort && !isTaken) {
    return [
      finding('link-file-renames-host-port', {
        message: `${file.path} applies to the host port ${hostPort} too, and would rename it to ${target}`,
        culprit: file.path,
        advice: cure,
      }),
    ];
  }
  if (!byAddress) return [];
  const effect =
    target === undefined
      ? 'its settings are for both'
      : target === hostPort
        ? `at the next boot either of them can become ${target}`
        : `udev would try to rename it to ${target}, which the kernel refuses while another link has that name`;
  return [
    finding('link-file-matches-host-port', {
      message: `${file.path} matches the hardware address ${uplink.mac} only, and the host port ${hostPort} will have it too: ${effect}`,
      culprit: file.path,
      advice: cure,
    }),
  ];
}

/**
 * The name that udev gives to a link whose name userspace chose and that has no hardware: `keep` leaves it, the other policies
 * have nothing to go by, `Name=` remains.
 */
function renameTarget(file: LinkFile): string | undefined {
  return file.link.get('NamePolicy')?.includes('keep') ? undefined : lastValue(file, 'Name');
}

/** Up to version 253 systemd applies altnames also to a link that was renamed (F-01, F-04). */
function checkReturningAltname(context: UplinkContext): readonly Finding[] {
  const { uplink } = context;
  if (!renamesUplink(context)) return [];
  const file = firstMatch(filesOf(context), uplinkDevice(uplink));
  if (file === undefined) return [];
  const isListed = file.link.get('AlternativeName')?.includes(uplink.name) === true;
  const altnamePolicy = file.link.get('AlternativeNamesPolicy') ?? [];
  const shared = (file.link.get('NamePolicy') ?? []).filter(policy => altnamePolicy.includes(policy));
  if (!isListed && shared.length === 0) return [];
  return [
    finding('udev-returns-altname', {
      message: `after the rename udev may give the name ${uplink.name} back to the uplink as altname: ${file.path} has ${isListed ? `AlternativeName=${uplink.name}` : `${shared.join(', ')} in both NamePolicy and AlternativeNamesPolicy`}`,
      culprit: file.path,
      advice: 'nothing to do: the altname guard removes it each time until the host port has the name',
    }),
  ];
}
