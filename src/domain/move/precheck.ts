import type { Finding } from '../finding.ts';
import type { KernelState } from '../kernel-state.ts';
import { linkByIndex, linkByName } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { answersTo, IFF_LOOPBACK, isUp, MAX_LINK_NAME_LENGTH, standsOn } from '../link.ts';
import { nearMiss } from '../near-miss.ts';
import { LINK_LIST_RULES } from '../precheck/link-lists.ts';
import { formatRoute, isDefault, usesLink } from '../route.ts';
import { isKernelOwned } from '../snapshot.ts';
import { isAcceptable, moveFinding } from './finding-codes.ts';
import { isSameLink } from './identity.ts';
import type { MoveRequest } from './request.ts';

/** What a move's pre-check looks at; plain JSON. */
export interface MoveInput {
  readonly request: MoveRequest;
  /** With routes. */
  readonly home: KernelState;
  readonly target: KernelState;
  /** What else is known of the link; a part that could not be asked for is left out. */
  readonly uses: LinkUses;
}

/** Uses of a link that the kernel's links and routes don't show. */
export interface LinkUses {
  /** The bridge of Open vSwitch that it is a port of: with the netdev datapath the kernel knows of none. */
  readonly ovsBridge: string | null;
  /** Bridge of a migration of ours that has it as uplink. */
  readonly migratedTo: string | null;
  readonly sriov: Sriov | null;
}

/** What a PCI device says of SR-IOV: it is a virtual function, or has so many. */
export type Sriov = { readonly isVirtual: true } | { readonly isVirtual: false; readonly functions: number };

type Rule = (input: MoveInput, link: Link) => readonly Finding[];

const RULES: readonly Rule[] = [
  checkIdentity,
  checkLists,
  checkNewName,
  checkAltnames,
  checkKind,
  checkRoutes,
  checkUse,
  checkSriov,
  checkQdisc,
];

/** Says everything that stands in the way of a move: blocking findings first. Pure; never throws. */
export function precheckMove(input: MoveInput): readonly Finding[] {
  const { request, home } = input;
  const link = linkByName(home, request.link);
  if (link === undefined) {
    const near = nearMiss(
      request.link,
      home.links.map(one => one.name),
    );
    return [
      moveFinding('move-link-missing', {
        message: `there is no link "${request.link}" in this network namespace`,
        culprit: request.link,
        advice: near === undefined ? 'look at the names with "ip link"' : `did you mean ${near}?`,
      }),
    ];
  }
  const findings = RULES.flatMap(rule => rule(input, link)).map(found =>
    isAcceptable(found.code) && request.accept.includes(found.code)
      ? { ...found, severity: 'warning' as const }
      : found,
  );
  const isBlocking = ({ severity }: Finding): boolean => severity === 'blocking';
  return [...findings.filter(isBlocking), ...findings.filter(found => !isBlocking(found))];
}

function checkIdentity({ request: { identity } }: MoveInput, link: Link): readonly Finding[] {
  if (identity === null || isSameLink(identity, link)) return [];
  return [
    moveFinding('move-link-other', {
      message: `${link.name} is another link by now than the one that was asked for`,
      culprit: link.name,
      advice: 'look which link is meant, and ask again',
    }),
  ];
}

function checkLists({ request: { links = [] } }: MoveInput, link: Link): readonly Finding[] {
  return LINK_LIST_RULES.flatMap(rule => rule({ request: { links }, uplink: link }));
}

function checkNewName({ request, target }: MoveInput): readonly Finding[] {
  const { name, netns } = request;
  const isName = name !== '.' && name !== '..' && /^[^\s/:%]+$/.test(name);
  if (!isName || Buffer.byteLength(name) > MAX_LINK_NAME_LENGTH) {
    return [
      moveFinding('move-name-invalid', {
        message: `the kernel takes no link name "${name}"`,
        culprit: name,
        advice: `name it with 1 to ${MAX_LINK_NAME_LENGTH} bytes without white space, "/", ":" and "%"`,
      }),
    ];
  }
  const bearer = target.links.find(link => answersTo(link, name));
  if (bearer === undefined) return [];
  const message =
    bearer.name === name
      ? `${name} is there already, in ${netns}`
      : `${name} is an altname of ${bearer.name} there, in ${netns}`;
  return [
    moveFinding('move-name-taken', {
      message,
      culprit: bearer.name,
      advice: 'choose another name, or remove that link',
    }),
  ];
}

/** The kernel refuses a link that has, as altname, what another is called there (F-18). */
function checkAltnames({ request, target }: MoveInput, link: Link): readonly Finding[] {
  return link.altnames.flatMap(altname => {
    const bearer = target.links.find(other => answersTo(other, altname));
    if (bearer === undefined) return [];
    return [
      moveFinding('move-altname-taken', {
        message: `the altname ${altname} of ${link.name} is taken in ${request.netns}, by ${bearer.name}`,
        culprit: altname,
        advice: `remove it: "ip link property del dev ${link.name} altname ${altname}"`,
      }),
    ];
  });
}

/** Kinds that never leave the namespace in which they were made. */
export const STAYING_KINDS: readonly string[] = ['bridge', 'bond', 'team', 'openvswitch', 'vrf', 'hsr', 'ovs'];

function checkKind(_: MoveInput, link: Link): readonly Finding[] {
  const isLoopback = (link.flags & IFF_LOOPBACK) !== 0;
  if (!isLoopback && (link.kind === null || !STAYING_KINDS.includes(link.kind))) return [];
  const what = isLoopback ? 'the loopback link' : `a link of kind ${link.kind}`;
  return [
    moveFinding('move-link-stays', {
      message: `${link.name} is ${what}, which stays in its network namespace`,
      culprit: link.name,
      advice: 'name the NIC below it',
    }),
  ];
}

/** The kernel marks the leg of a link that goes down as dead, but adds no route with a leg over one that is down. */
function checkRoutes({ home }: MoveInput, link: Link): readonly Finding[] {
  if (isUp(link)) return [];
  const route = home.routes.find(one => usesLink(one, link.index) && !isKernelOwned(one));
  if (route === undefined) return [];
  return [
    moveFinding('move-route-lost', {
      message: `${link.name} is down, and has a leg of the route ${formatRoute(route)}, which could not be added again after the return`,
      culprit: link.name,
      advice: `set it up first ("ip link set ${link.name} up"), or take the leg out of the route`,
    }),
  ];
}

function checkUse({ home, uses: known }: MoveInput, link: Link): readonly Finding[] {
  const uses: string[] = [];
  if (home.routes.some(route => isDefault(route) && usesLink(route, link.index)))
    uses.push('a default route goes by it');
  if (known.migratedTo !== null) uses.push(`ovs-uplink has moved it onto the bridge ${known.migratedTo}`);
  else if (known.ovsBridge !== null) uses.push(`it is a port of the Open vSwitch bridge ${known.ovsBridge}`);
  else if (link.master !== null)
    uses.push(`it is a port of ${linkByIndex(home, link.master)?.name ?? `link ${link.master}`}`);
  const uppers = home.links.filter(other => standsOn(other, link)).map(other => other.name);
  if (uppers.length > 0) uses.push(`it carries ${uppers.join(', ')}`);
  if (uses.length === 0) return [];
  return [
    moveFinding('move-link-in-use', {
      message: `${link.name} is in use here: ${uses.join('; ')}`,
      culprit: link.name,
      advice: 'free it first; --force takes it all the same, and what uses it ends',
    }),
  ];
}

function checkSriov({ uses: { sriov } }: MoveInput, link: Link): readonly Finding[] {
  if (sriov === null || (!sriov.isVirtual && sriov.functions === 0)) return [];
  const message = sriov.isVirtual
    ? `${link.name} is a virtual function: its VLAN, rate and trust are set at the physical one, which stays here`
    : `${link.name} has ${sriov.functions} virtual functions, which nobody here could set any more`;
  return [
    moveFinding('move-link-sriov', {
      message,
      culprit: link.name,
      advice: 'where that is meant, --force moves it all the same',
    }),
  ];
}

/** What the kernel gives a link by itself. */
const DEFAULT_QDISCS = ['noqueue', 'noop', 'mq', 'pfifo_fast', 'fq_codel', 'fq'];

function checkQdisc(_: MoveInput, link: Link): readonly Finding[] {
  if (link.qdisc === null || DEFAULT_QDISCS.includes(link.qdisc)) return [];
  return [
    moveFinding('move-qdisc-lost', {
      message: `${link.name} has the queueing discipline ${link.qdisc}, which the kernel drops with the move`,
      culprit: link.name,
      advice: 'nobody can bring it back but who made it: have it made anew after the return',
    }),
  ];
}
