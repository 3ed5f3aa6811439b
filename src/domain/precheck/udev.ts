import type { Finding } from '../finding.ts';
import type { Link } from '../link.ts';
import { answersTo } from '../link.ts';
import { describeLinkPolicy, linkPolicyFor, sparesHostPort } from '../udev/link-policy.ts';
import { hostPortDevice, namingSubjectOf } from '../udev/naming.ts';
import { describeCause, describeVersion, findReturningAltname } from '../udev/returning-altname.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { renamesUplink } from './context.ts';
import { finding } from './finding-codes.ts';
import type { LinkFile } from './link-file.ts';
import { firstMatch, lastValue } from './link-file.ts';

/** Rules about what udev does to the names. */
export const UDEV_RULES: readonly UplinkRule[] = [checkHostPortLinkFile, checkReturningAltname];

function checkHostPortLinkFile(context: UplinkContext): readonly Finding[] {
  const { request, names, uplink, kernel, facts, datapath } = context;
  const { hostPort } = names;
  if (hostPort === null) return [];
  const subject = namingSubjectOf(facts, uplink);
  const file = firstMatch(subject.files, hostPortDevice(subject, hostPort, datapath));
  if (file === undefined) return [];
  const byAddress = (file.match.get('MACAddress') ?? []).length > 0;
  const target = renameTarget(file);
  const policy = linkPolicyFor(subject, facts.linkFiles, { ...names, datapath });
  if (request.writeLinkPolicy === true && policy !== null && sparesHostPort(policy, file)) return [];
  const written = policy === null ? '' : `, for instance by ${describeLinkPolicy(policy)}`;
  const cure = byAddress
    ? `match by PermanentMACAddress= in ${file.path}, or add Driver=!openvswitch tun${written}`
    : `add Driver=!openvswitch tun to [Match] in ${file.path}`;
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
  const effect = describeEffectOnHostPort(file, hostPort, target, uplink);
  return [
    finding('link-file-matches-host-port', {
      message: `${file.path} matches the hardware address ${uplink.mac} only, and the host port ${hostPort} will have it too: ${effect}`,
      culprit: file.path,
      advice: cure,
    }),
  ];
}

function describeEffectOnHostPort(file: LinkFile, hostPort: string, target: string | undefined, { mac }: Link): string {
  const address = lastValue(file, 'MACAddress');
  if (address !== undefined && address.toLowerCase() !== mac) {
    return `udev sets the address ${address} on it each time Open vSwitch has set its own`;
  }
  if (target === undefined) return 'its settings are for both';
  return target === hostPort
    ? `at the next boot either of them can become ${target}`
    : `udev would try to rename it to ${target}, which the kernel refuses while another link has that name`;
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
  const { uplink, facts, names, datapath } = context;
  if (!renamesUplink(context)) return [];
  const subject = namingSubjectOf(facts, uplink);
  const returning = findReturningAltname(subject, names.uplink);
  if (returning === undefined) return [];
  const { file, isSure } = returning;
  const policy = linkPolicyFor(subject, facts.linkFiles, { ...names, datapath });
  const spare = policy === null ? '' : `; what spares it the race: ${describeLinkPolicy(policy)}`;
  return [
    finding('udev-returns-altname', {
      message: `after the rename udev ${isSure ? 'gives' : 'may give'} the name ${uplink.name} back to the uplink as altname: ${file.path} has ${describeCause(returning, subject)}${describeVersion(subject.version)}`,
      culprit: file.path,
      advice: `nothing to do: the altname guard removes it each time until the host port has the name${spare}`,
    }),
  ];
}
