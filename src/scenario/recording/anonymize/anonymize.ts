import type { Recording } from '../../scenario.ts';
import { collectIdentities } from './collect.ts';
import { createIpMap } from './ip-map.ts';
import { keyedHash } from './keyed-hash.ts';
import { mapMac } from './mac-map.ts';
import { createNameMap } from './name-map.ts';
import { DATAPATH_ID_TOKEN, IP_TOKEN, LONG_HEX_TOKEN, MAC_TOKEN, MAPPED_V4, PATH_TOKEN, UUID_TOKEN } from './tokens.ts';
import { mapTexts } from './visit.ts';

/** Stands for what cannot be mapped: what it was says nothing to who reads the recording. */
const LEFT_OUT = '(left out)';

/** Files that people wrote, and what they called them: no chart reads them. */
const WRITTEN_BY_PEOPLE: ReadonlySet<string> = new Set([
  'kernelCommandLine',
  'networkFile',
  'networkText',
  'profile',
  'unit',
]);

/** How to anonymize. */
export interface AnonymizeOptions {
  /** Secret and used once: who has it can try addresses. */
  readonly key: string;
  /** Names of this host, which may be within texts. */
  readonly hostNames: readonly string[];
}

/**
 * The recording with other addresses, MACs, names, ids and paths, each the same wherever it is, also within texts. What the charts look at stays
 * true: who has which address, which of them share a network, and which name is whose. Command lines of probes are left out.
 */
export function anonymize(recording: Recording, { key, hostNames }: AnonymizeOptions): Recording {
  const { name, place, entries, ...rest } = recording;
  const identities = collectIdentities({ ...rest, entries });
  const names = createNameMap(identities, hostNames);
  const mapIp = createIpMap(key, identities.addresses, identities.networks);
  const hide = createReplacer([
    [UUID_TOKEN, uuid => uuidOf(keyedHash(key, `uuid ${uuid.toLowerCase()}`))],
    [MAC_TOKEN, mac => mapMacText(key, mac)],
    [IP_TOKEN, token => mapCidr(mapIp, token)],
    [LONG_HEX_TOKEN, hex => longHexOf(key, hex)],
    [DATAPATH_ID_TOKEN, id => `${id.slice(0, 4)}${hexOf(mapMac(key, bytesOfHex(id.slice(4))))}`],
    ...pathRule(),
    ...nameRule(names),
  ]);
  const aliases = new Map<string, string>();
  const onText = (text: string, path: readonly string[]): string => {
    const [at = '', outer = ''] = [path.at(-1), path.at(-2)];
    const isTheirs = WRITTEN_BY_PEOPLE.has(at) || outer === 'domains' || (at === 'text' && outer === 'linkPolicy');
    if (at === 'argv' || isTheirs) return LEFT_OUT;
    if (at === 'alias') return numbered(aliases, text, 'alias');
    let plain = text;
    for (const command of identities.commands) plain = plain.replaceAll(command, LEFT_OUT);
    const hidden = hide(plain);
    // What others note on their rows can be anything, and no chart reads it.
    const isForeign = outer === 'externalIds' && at !== 'key' && !at.startsWith('ovs-uplink:');
    return isForeign && hidden === text && !/^(true|false|\d+)?$/.test(text) ? LEFT_OUT : hidden;
  };
  const mapped = mapTexts({ ...rest, entries: entries.map(withoutPlace) }, onText) as typeof rest &
    Pick<Recording, 'entries'>;
  // Who builds kernels puts names into their releases.
  const kernel = /^\d+(\.\d+)*/.exec(String(mapped.header['kernel']))?.[0] ?? LEFT_OUT;
  return { ...mapped, name, place, header: { ...mapped.header, kernel, anonymized: true } };
}

function withoutPlace(entry: Recording['entries'][number]): Recording['entries'][number] {
  const { place: _, ...fields } = entry;
  return fields as Recording['entries'][number];
}

type Rule = readonly [pattern: RegExp, replace: (found: string) => string];

/** Applies all rules in one pass: what one has put in is not for the next. */
function createReplacer(rules: readonly Rule[]): (text: string) => string {
  const all = new RegExp(rules.map(([{ source }]) => `(${source})`).join('|'), 'giu');
  return text =>
    text.replace(all, (found: string, ...groups: unknown[]) => {
      const index = groups.slice(0, rules.length).findIndex(group => group !== undefined);
      return rules[index]?.[1](found) ?? found;
    });
}

function pathRule(): readonly Rule[] {
  const paths = new Map<string, string>();
  const replace = (path: string): string => {
    // Where in our own code something failed is worth knowing.
    const ours = /\/(?:src|dist|machines|node_modules)\/.*/.exec(path);
    const kept = ours?.[0] ?? /\.\w+$/.exec(path)?.[0] ?? '';
    return numbered(paths, path.slice(0, path.length - kept.length), '/anonymous/path-') + kept;
  };
  return [[PATH_TOKEN, replace]];
}

/** Longer names first: `eth0.100` before `eth0`. */
function nameRule(names: ReadonlyMap<string, string>): readonly Rule[] {
  if (names.size === 0) return [];
  const sorted = [...names.keys()].sort((a, b) => b.length - a.length);
  const any = sorted.map(name => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const lowered = new Map([...names].map(([name, to]) => [name.toLowerCase(), to]));
  const replace = (found: string): string => names.get(found) ?? lowered.get(found.toLowerCase()) ?? found;
  return [[new RegExp(`(?<![\\p{L}\\p{N}])(?:${any})(?![\\p{L}\\p{N}])`, 'u'), replace]];
}

function numbered(known: Map<string, string>, original: string, prefix: string): string {
  const made = known.get(original) ?? `${prefix}${known.size + 1}`;
  known.set(original, made);
  return made;
}

function mapCidr(mapIp: (text: string) => string, token: string): string {
  const [address = '', length] = token.split('/');
  const [before = ''] = MAPPED_V4.exec(address) ?? [];
  return before + mapIp(address.slice(before.length)) + (length === undefined ? '' : `/${length}`);
}

function mapMacText(key: string, mac: string): string {
  const bytes = mac.split(':').map(byte => Number.parseInt(byte, 16));
  return (hexOf(mapMac(key, bytes)).match(/../g) ?? []).join(':');
}

function longHexOf(key: string, hex: string): string {
  return keyedHash(key, `hex ${hex}`).toString('hex').repeat(4).slice(0, hex.length);
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function bytesOfHex(hex: string): number[] {
  return (hex.match(/../g) ?? []).map(byte => Number.parseInt(byte, 16));
}

function hexOf(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('hex');
}
