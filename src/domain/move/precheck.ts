import type { Finding } from '../finding.ts';
import type { KernelState } from '../kernel-state.ts';
import { linkByIndex, linkByName } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { answersTo, IFF_LOOPBACK, MAX_LINK_NAME_LENGTH, standsOn } from '../link.ts';
import { nearMiss } from '../near-miss.ts';
import { isDefault, usesLink } from '../route.ts';
import type { MoveRequest } from './request.ts';

/** What a move's pre-check looks at; plain JSON. */
export interface MoveInput {
  readonly request: MoveRequest;
  /** With routes. */
  readonly home: KernelState;
  readonly target: KernelState;
}

type Rule = (input: MoveInput, link: Link) => readonly Finding[];

const RULES: readonly Rule[] = [checkNewName, checkAltnames, checkKind, checkUse];

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
      blocking(
        'move-link-missing',
        `there is no link "${request.link}" in this network namespace`,
        near === undefined ? 'look at the names with "ip link"' : `did you mean ${near}?`,
        request.link,
      ),
    ];
  }
  const findings = RULES.flatMap(rule => rule(input, link));
  return findings.map(found =>
    ACCEPTABLE.includes(found.code) && request.accept.includes(found.code) ? { ...found, severity: 'warning' } : found,
  );
}

/** Codes that a user may take upon themselves. */
const ACCEPTABLE: readonly string[] = ['move-link-in-use'];

function blocking(code: string, message: string, advice: string, culprit: string): Finding {
  return { code, severity: 'blocking', message, culprit, advice };
}

function checkNewName({ request, target }: MoveInput): readonly Finding[] {
  const { name, netns } = request;
  const isName = name !== '.' && name !== '..' && /^[^\s/:]+$/.test(name);
  if (!isName || Buffer.byteLength(name) > MAX_LINK_NAME_LENGTH) {
    const expected = `1 to ${MAX_LINK_NAME_LENGTH} bytes without white space, "/" and ":"`;
    return [blocking('move-name-invalid', `the kernel takes no link name "${name}"`, `name it with ${expected}`, name)];
  }
  const bearer = target.links.find(link => answersTo(link, name));
  if (bearer === undefined) return [];
  const how = bearer.name === name ? 'is there already' : `is an altname of ${bearer.name} there`;
  return [
    blocking('move-name-taken', `${name} ${how}, in ${netns}`, 'choose another name, or remove that link', bearer.name),
  ];
}

/** The kernel refuses a link that has, as altname, what another is called there (F-18). */
function checkAltnames({ request, target }: MoveInput, link: Link): readonly Finding[] {
  return link.altnames.flatMap(altname => {
    const bearer = target.links.find(other => answersTo(other, altname));
    if (bearer === undefined) return [];
    return [
      blocking(
        'move-altname-taken',
        `the altname ${altname} of ${link.name} is taken in ${request.netns}, by ${bearer.name}`,
        `remove it: "ip link property del dev ${link.name} altname ${altname}"`,
        altname,
      ),
    ];
  });
}

/** Kinds that never leave the namespace in which they were made. */
const STAYING_KINDS = ['bridge', 'bond', 'team', 'openvswitch', 'vrf', 'hsr', 'ovs'];

function checkKind(_: MoveInput, link: Link): readonly Finding[] {
  const isLoopback = (link.flags & IFF_LOOPBACK) !== 0;
  if (!isLoopback && (link.kind === null || !STAYING_KINDS.includes(link.kind))) return [];
  const what = isLoopback ? 'the loopback link' : `a link of kind ${link.kind}`;
  return [
    blocking(
      'move-link-stays',
      `${link.name} is ${what}, which stays in its network namespace`,
      'name the NIC below it',
      link.name,
    ),
  ];
}

function checkUse({ home }: MoveInput, link: Link): readonly Finding[] {
  const uses: string[] = [];
  if (home.routes.some(route => isDefault(route) && usesLink(route, link.index)))
    uses.push('a default route goes by it');
  if (link.master !== null)
    uses.push(`it is a port of ${linkByIndex(home, link.master)?.name ?? `link ${link.master}`}`);
  const uppers = home.links.filter(other => standsOn(other, link)).map(other => other.name);
  if (uppers.length > 0) uses.push(`it carries ${uppers.join(', ')}`);
  if (uses.length === 0) return [];
  return [
    blocking(
      'move-link-in-use',
      `${link.name} is in use here: ${uses.join('; ')}`,
      'free it first; --force takes it all the same, and what uses it ends',
      link.name,
    ),
  ];
}
