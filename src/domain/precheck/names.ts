import type { Finding } from '../finding.ts';
import { linkByName } from '../kernel-state.ts';
import { answersTo, MAX_LINK_NAME_LENGTH, standsOn } from '../link.ts';
import type { OvsState } from '../ovs-state.ts';
import { findBridge, findInterface, findPort, isMarked, MARK_UPLINK } from '../ovs-state.ts';
import type { PrecheckContext, RequestRule } from './context.ts';
import { listed, renamesUplink } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about the names that the layout gives to uplink, host port and bridge. */
export const NAME_RULES: readonly RequestRule[] = [
  checkNameLengths,
  checkNameCharacters,
  checkNamesDiffer,
  checkNamesAreFree,
  checkUplinkAltnames,
  checkOvsNamesAreFree,
  checkLiveRename,
];

/** Names that the layout needs, each with what it is for, each once. */
function neededNames({ names }: PrecheckContext): readonly { readonly name: string; readonly role: string }[] {
  const needed = [
    { name: names.uplink, role: 'the uplink' },
    { name: names.bridge, role: 'the bridge' },
  ];
  if (names.hostPort !== null) needed.push({ name: names.hostPort, role: 'the host port' });
  return needed.filter((one, at) => needed.findIndex(other => other.name === one.name) === at);
}

function checkNameLengths(context: PrecheckContext): readonly Finding[] {
  return neededNames(context)
    .map(({ name, role }) => ({ name, role, bytes: new TextEncoder().encode(name).length }))
    .filter(({ bytes }) => bytes > MAX_LINK_NAME_LENGTH)
    .map(({ name, role, bytes }) =>
      finding('name-too-long', {
        message: `${role} would be called "${name}": ${bytes} bytes, the kernel takes ${MAX_LINK_NAME_LENGTH}`,
        culprit: name,
        advice:
          name === context.request.bridge || name === context.request.uplink
            ? 'give a shorter name'
            : 'take another layout, for instance bridge-port, which keeps the name of the uplink',
      }),
    );
}

// dev_valid_name() in net/core/dev.c; a % would be taken as a pattern, and sysctl has "all" and "default" for itself.
const INVALID_NAME = /[/:%\s\0]/u;
const RESERVED_NAMES = ['', '.', '..', 'all', 'default'];

function checkNameCharacters(context: PrecheckContext): readonly Finding[] {
  return neededNames(context)
    .filter(({ name }) => INVALID_NAME.test(name) || RESERVED_NAMES.includes(name))
    .map(({ name, role }) =>
      finding('name-invalid', {
        message: `${role} would be called "${name}", which is no valid name for a link`,
        culprit: name,
        advice: 'give a name of letters, digits, "-", "_" and "."',
      }),
    );
}

function checkNamesDiffer({ names, request }: PrecheckContext): readonly Finding[] {
  const all = [names.uplink, names.bridge];
  if (names.hostPort !== null && !names.hostPortIsLocal) all.push(names.hostPort);
  const twice = all.find((name, at) => all.indexOf(name) !== at);
  if (twice === undefined) return [];
  return [
    finding('names-collide', {
      message: `with layout ${request.layout}, uplink ${request.uplink} and bridge ${request.bridge} two things would be called "${twice}"`,
      culprit: twice,
      advice: 'give the bridge another name',
    }),
  ];
}

function checkNamesAreFree(context: PrecheckContext): readonly Finding[] {
  const { kernel, request, names } = context;
  return neededNames(context).flatMap(({ name, role }) => {
    // The bridge that is there already has its link; whether it may be used is another question.
    if (name === names.bridge && context.bridge !== undefined) return [];
    const bearer = kernel.links.find(link => link.name !== request.uplink && answersTo(link, name));
    if (bearer === undefined) return [];
    const isAltname = bearer.name !== name;
    return [
      finding('name-taken', {
        message: isAltname
          ? `"${name}", needed for ${role}, is an altname of the link ${bearer.name}`
          : `"${name}", needed for ${role}, is the name of another link${bearer.kind === null ? '' : ` (${bearer.kind})`}`,
        culprit: bearer.name,
        advice: isAltname
          ? `remove it with "ip link property del dev ${bearer.name} altname ${name}", or choose another name`
          : `rename or remove the link ${bearer.name}, or choose another name`,
      }),
    ];
  });
}

/** The kernel looks up names and altnames alike, so that nothing can be made with the altname of an existing link (F-01, F-06). */
function checkUplinkAltnames(context: PrecheckContext): readonly Finding[] {
  const { kernel, request, names } = context;
  const uplink = kernel.links.find(link => link.name === request.uplink);
  return neededNames(context)
    .filter(({ name }) => name !== names.uplink && uplink?.altnames.includes(name))
    .map(({ name, role }) =>
      finding('name-is-uplink-altname', {
        message: `"${name}", needed for ${role}, is an altname of the uplink ${request.uplink} itself`,
        culprit: request.uplink,
        advice: `remove it with "ip link property del dev ${request.uplink} altname ${name}", or choose another name`,
      }),
    );
}

function checkOvsNamesAreFree(context: PrecheckContext): readonly Finding[] {
  const { ovs, request } = context;
  if (ovs === undefined) return [];
  return neededNames(context).flatMap(({ name, role }) => {
    // The uplink's own name and the bridge's have rules of their own.
    if (name === request.uplink && context.names.bridge !== name) return [];
    const holder = holderOf(ovs, name, context);
    if (holder === undefined) return [];
    return [
      finding('ovs-name-taken', {
        message: `"${name}", needed for ${role}, is ${holder.text}`,
        culprit: holder.bridge ?? name,
        advice: holder.ours
          ? 'it carries the mark of ovs-uplink: run "ovs-uplink recover"'
          : `choose another name, or remove it with "ovs-vsctl del-port ${name}" if nobody needs it`,
      }),
    ];
  });
}

function holderOf(
  ovs: OvsState,
  name: string,
  { names, bridge, request }: PrecheckContext,
): { readonly text: string; readonly bridge?: string; readonly ours: boolean } | undefined {
  const used = findPort(ovs, name);
  // A bridge's own port: of the bridge that is wanted, or of one that is in the way.
  if (name === names.bridge && bridge !== undefined) return undefined;
  const other = findBridge(ovs, name);
  if (other !== undefined) return { text: 'a bridge of Open vSwitch', bridge: name, ours: isMarked(other) };
  if (used !== undefined) {
    const mine = used.port.externalIds[MARK_UPLINK] === request.uplink;
    return { text: `a port of the bridge ${used.bridge.name}`, bridge: used.bridge.name, ours: mine };
  }
  const stray = findInterface(ovs, name);
  return stray === undefined
    ? undefined
    : { text: 'an interface in the database of Open vSwitch', ours: isMarked(stray) };
}

/** Linux 6.2 is the first that renames a link which is up (F-10); vendors backport it, so this is only a hint. */
export function canRenameLive(kernelRelease: string): boolean | undefined {
  const match = /^(\d+)\.(\d+)/.exec(kernelRelease);
  if (match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 6 || (major === 6 && minor >= 2);
}

function checkLiveRename(context: PrecheckContext): readonly Finding[] {
  const { facts, request, kernel } = context;
  if (!renamesUplink(context) || canRenameLive(facts.identity.kernelRelease) !== false) return [];
  const uplink = linkByName(kernel, request.uplink);
  const uppers = kernel.links.filter(l => uplink !== undefined && standsOn(l, uplink));
  if (uppers.length > 0) {
    return [
      finding('rename-takes-uppers-down', {
        message: `Linux ${facts.identity.kernelRelease} takes ${request.uplink} down to rename it, and with it ${listed(uppers.map(l => l.name))}: their routes and IPv6 addresses would be lost`,
        culprit: uppers[0]?.name ?? request.uplink,
        advice: 'layout bridge-port needs no rename; or take those links away first',
      }),
    ];
  }
  return [
    finding('rename-needs-link-down', {
      message: `Linux ${facts.identity.kernelRelease} probably refuses to rename ${request.uplink} while it is up: it would be down for a moment, and what that flushes is put back`,
      culprit: request.uplink,
      advice: 'layout bridge-port needs no rename',
    }),
  ];
}
