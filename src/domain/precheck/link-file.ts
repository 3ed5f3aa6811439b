import { matchesGlob } from '../glob.ts';
/** A udev `.link` file (systemd.link(5)), parsed; every key with all its words. */
export interface LinkFile {
  readonly path: string;
  readonly match: ReadonlyMap<string, readonly string[]>;
  readonly link: ReadonlyMap<string, readonly string[]>;
}

/** A device as udev sees it. Undefined stands for "not known here", null for "it has none". */
export interface UdevDevice {
  readonly name: string;
  readonly mac: string | null;
  readonly permanentMac: string | null;
  readonly driver: string | undefined;
  readonly kind: string | null;
  /** As `networkctl` shows it: `ether`, or the DEVTYPE (`bond`, `vlan`, `bridge`, …). Default `ether`. */
  readonly type?: string;
  /** ID_PATH; links without hardware have none. */
  readonly path: string | null | undefined;
  /** What udev has written down of it. */
  readonly properties: Readonly<Record<string, string>> | null | undefined;
  /** The kernel's command line; undefined or empty where it is not known. */
  readonly commandLine?: string;
}

/** Keys of [Link] that add to what was said before; with the others the last one counts. */
const ADDING_LINK_KEYS = ['AlternativeName', 'Advertise'];

/** Parses the text of a `.link` file. What is no assignment is passed over, as udev does. */
export function parseLinkFile(path: string, text: string): LinkFile {
  const sections = { match: new Map<string, readonly string[]>(), link: new Map<string, readonly string[]>() };
  let section: Map<string, readonly string[]> | undefined;
  const joined = text.replace(/\\\r?\n/g, ' ');
  for (const raw of joined.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      section = line === '[Match]' ? sections.match : line === '[Link]' ? sections.link : undefined;
      continue;
    }
    const at = line.indexOf('=');
    if (at < 1 || section === undefined) continue;
    const key = line.slice(0, at).trim();
    const words = splitWords(line.slice(at + 1));
    const isAdding = section === sections.match ? !HOST_CONDITIONS.includes(key) : ADDING_LINK_KEYS.includes(key);
    // An empty assignment forgets what was there.
    const known = words.length === 0 || !isAdding ? [] : (section.get(key) ?? []);
    section.set(key, [...known, ...withNegation(words)]);
  }
  return { path, ...sections };
}

/** Words apart by white space; quotes keep some in one, as in systemd.syntax(7). */
function splitWords(text: string): readonly string[] {
  const words = text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map(word => word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, unquote));
}

function unquote(_all: string, inDouble: string | undefined, inSingle: string | undefined): string {
  return inSingle ?? (inDouble ?? '').replace(/\\(.)/g, '$1');
}

/** A `!` in front of the first word is meant for all of them. */
function withNegation(words: readonly string[]): readonly string[] {
  return words[0]?.startsWith('!') ? words.map(word => (word.startsWith('!') ? word : `!${word}`)) : words;
}

/** Conditions on the whole host: apart from the command line, whoever installed the file is taken to have meant this host. */
const HOST_CONDITIONS = [
  'Host',
  'Virtualization',
  'KernelCommandLine',
  'KernelVersion',
  'Version',
  'Credential',
  'Architecture',
  'Firmware',
];

const DEVICE_CONDITIONS = [
  'MACAddress',
  'PermanentMACAddress',
  'Driver',
  'Kind',
  'Path',
  'Property',
  'OriginalName',
  'Type',
];

/** True when the file applies to the device, as far as is known. A file without conditions that udev knows applies to none. */
export function appliesTo(file: LinkFile, device: UdevDevice): boolean {
  const isKnown = (key: string): boolean => DEVICE_CONDITIONS.includes(key) || HOST_CONDITIONS.includes(key);
  const conditions = [...file.match].filter(([key, words]) => words.length > 0 && isKnown(key));
  return conditions.length > 0 && conditions.every(([key, words]) => isMet(key, words, device));
}

function isMet(key: string, words: readonly string[], device: UdevDevice): boolean {
  switch (key) {
    case 'MACAddress':
      return includesMac(words, device.mac);
    case 'PermanentMACAddress':
      return includesMac(words, device.permanentMac);
    case 'Driver':
      return matchesGlobs(words, device.driver);
    case 'Kind':
      return matchesGlobs(words, device.kind);
    case 'Path':
      return matchesGlobs(words, device.path);
    case 'Property':
      return words.every(word => hasProperty(word, device.properties));
    case 'OriginalName':
      return matchesGlobs(words, device.name);
    case 'Type':
      return matchesGlobs(words, device.type ?? 'ether');
    case 'KernelCommandLine':
      return isOnCommandLine(words.join(' '), device.commandLine);
    default:
      return true;
  }
}

function hasProperty(condition: string, properties: UdevDevice['properties']): boolean {
  if (properties === undefined) return true;
  const isNegated = condition.startsWith('!');
  const wanted = isNegated ? condition.slice(1) : condition;
  const at = wanted.indexOf('=');
  return isNegated !== (at > 0 && properties?.[wanted.slice(0, at)] === wanted.slice(at + 1));
}

/** As condition_test_kernel_command_line() of systemd: a whole word, or only the part in front of its "=". */
function isOnCommandLine(condition: string, commandLine = ''): boolean {
  if (commandLine === '') return true;
  const isNegated = condition.startsWith('!');
  const wanted = isNegated ? condition.slice(1) : condition;
  const words = commandLine.split(/\s+/);
  return isNegated !== words.some(word => word === wanted || (!wanted.includes('=') && word.startsWith(`${wanted}=`)));
}

function includesMac(words: readonly string[], mac: string | null): boolean {
  const bare = (text: string): string => text.replace(/[:.-]/g, '').toLowerCase();
  return mac !== null && words.some(word => bare(word) === bare(mac));
}

/** As net_condition_test_strv() of systemd: no negated pattern matches, and one of the others does if there are others. */
function matchesGlobs(patterns: readonly string[], text: string | null | undefined): boolean {
  if (text === undefined) return true;
  const hits = (pattern: string): boolean => text !== null && matchesGlob(pattern, text);
  if (patterns.some(pattern => pattern.startsWith('!') && hits(pattern.slice(1)))) return false;
  const positive = patterns.filter(pattern => !pattern.startsWith('!'));
  return positive.length === 0 || positive.some(hits);
}

/** The file that udev applies to the device: the first that matches; no other is looked at. */
export function firstMatch(files: readonly LinkFile[], device: UdevDevice): LinkFile | undefined {
  return files.find(file => appliesTo(file, device));
}

/** The value of a key that takes one: the last one given. */
export function lastValue(file: LinkFile, key: string): string | undefined {
  return file.link.get(key)?.at(-1);
}
