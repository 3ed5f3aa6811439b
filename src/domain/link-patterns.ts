import { matchesGlob } from './glob.ts';
import type { Link } from './link.ts';
import { nearMiss } from './near-miss.ts';

/** Says which links are meant: by name or altname, by hardware address, by the bus they are on, or by kind. */
export interface LinkPattern {
  readonly by: 'name' | 'mac' | 'path' | 'kind';
  /** `*` stands for any text, `?` for one character. */
  readonly glob: string;
}

/** Which links may become uplinks; lists from several places must each let a link through. */
export interface LinkLists {
  /** Where they stand, for people: `the command line`, a file. */
  readonly from: string;
  /** Never to be touched. */
  readonly protect: readonly LinkPattern[];
  /** Where there is one, everything else is refused; null for no such list. */
  readonly allow: readonly LinkPattern[] | null;
}

/** A pattern, or what is wrong with the text. */
export type ReadLinkPattern =
  | { readonly pattern: LinkPattern }
  | { readonly problem: string; readonly expected: string; readonly advice: string | null };

const FORMS = ['name', 'mac', 'path', 'kind'] as const;

const EXPECTED = 'a name like eth*, mac:AA:BB:*, path:pci-0000:03:* or kind:bond';

/** Kinds of links (IFLA_INFO_KIND) that a list is likely to name; others are taken, too, unless they look like one of these. */
const KINDS = [
  'bareudp',
  'bond',
  'bridge',
  'dummy',
  'erspan',
  'geneve',
  'gre',
  'gretap',
  'ifb',
  'ipip',
  'ipvlan',
  'ipvtap',
  'macsec',
  'macvlan',
  'macvtap',
  'netkit',
  'nlmon',
  'openvswitch',
  'sit',
  'team',
  'tun',
  'vcan',
  'veth',
  'vlan',
  'vrf',
  'vti',
  'vxcan',
  'vxlan',
  'wireguard',
];

/** No link has a longer name, address or path. */
const MAX_LENGTH = 128;

/** Reads `eth*`, `mac:aa:bb:*`, `path:pci-0000:03:*`, `kind:bond`. A pattern that could never match is a mistake: it would protect nothing. */
export function readLinkPattern(text: string): ReadLinkPattern {
  const colon = text.indexOf(':');
  // The kernel takes no colon in a name.
  const form = colon < 0 ? 'name' : text.slice(0, colon);
  const glob = text.slice(colon + 1);
  const by = FORMS.find(one => one === form);
  if (by === undefined) {
    const meant = nearMiss(form, FORMS);
    const isMac = /^[0-9a-f*?]{1,2}$/i.test(form);
    return {
      problem: 'unknown form of link pattern',
      expected: EXPECTED,
      advice: isMac ? `say mac:${text}` : meant === undefined ? null : `did you mean ${meant}:${glob}?`,
    };
  }
  const problem = (advice: string | null): ReadLinkPattern => ({
    problem: 'cannot read link pattern',
    expected: EXPECTED,
    advice,
  });
  if (glob === '' || text.length > MAX_LENGTH || /[\s/\p{Cc}\p{Cs}]/u.test(glob) || text.startsWith('-'))
    return problem(null);
  if (/[[\]{}|\\]/.test(glob)) return problem('only * and ? stand for other characters');
  if (by === 'mac') {
    const mac = glob.toLowerCase().replaceAll('-', ':');
    if (!/^[0-9a-f:*?]+$/.test(mac)) return problem('an address has the digits 0 to 9 and a to f, and colons');
    return { pattern: { by, glob: mac } };
  }
  if (by === 'kind' && !/[*?]/.test(glob) && !KINDS.includes(glob)) {
    const meant = nearMiss(glob, KINDS);
    if (meant !== undefined) return problem(`did you mean kind:${meant}?`);
  }
  return { pattern: { by, glob } };
}

/** `eth*`, `mac:aa:bb:*`: as on the command line. */
export function formatLinkPattern({ by, glob }: LinkPattern): string {
  return by === 'name' ? glob : `${by}:${glob}`;
}

/** True when the pattern means the link. */
export function matchesLink({ by, glob }: LinkPattern, link: Link): boolean {
  return valuesOf(link, by).some(value => matchesGlob(glob, value));
}

function valuesOf(link: Link, by: LinkPattern['by']): readonly string[] {
  switch (by) {
    case 'name':
      return [link.name, ...link.altnames];
    case 'mac':
      // A bond gives its ports its own address: the one that is burnt in tells the card.
      return [link.mac, link.permanentMac].filter(mac => mac !== null).map(mac => mac.toLowerCase());
    case 'path':
      // As the last part of udev's ID_PATH; a virtio link is virtio-virtio0 here, by the bus that the kernel tells.
      return link.parentBus === null || link.parentDevice === null ? [] : [`${link.parentBus}-${link.parentDevice}`];
    case 'kind':
      return link.kind === null ? [] : [link.kind];
  }
}
