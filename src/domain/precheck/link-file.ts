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
  /** ID_PATH; links without hardware have none. */
  readonly path: string | null | undefined;
  readonly properties: null | undefined;
}

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
    const words = line
      .slice(at + 1)
      .trim()
      .split(/\s+/)
      .filter(word => word !== '');
    // An empty assignment forgets what was there, a further one adds to it.
    section.set(key, words.length === 0 ? [] : [...(section.get(key) ?? []), ...withNegation(words)]);
  }
  return { path, ...sections };
}

/** A `!` in front of the first word is meant for all of them. */
function withNegation(words: readonly string[]): readonly string[] {
  return words[0]?.startsWith('!') ? words.map(word => (word.startsWith('!') ? word : `!${word}`)) : words;
}

/** Conditions on the whole host: whoever installed the file meant this host. */
const HOST_CONDITIONS = [
  'Host',
  'Virtualization',
  'KernelCommandLine',
  'KernelVersion',
  'Credential',
  'Architecture',
  'Firmware',
];

/** True when the file applies to the device, as far as is known. A file without conditions applies to none. */
export function appliesTo(file: LinkFile, device: UdevDevice): boolean {
  const conditions = [...file.match].filter(([, words]) => words.length > 0);
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
      return device.properties === undefined;
    case 'OriginalName':
      return matchesGlobs(words, device.name);
    case 'Type':
      return matchesGlobs(words, 'ether');
    default:
      return HOST_CONDITIONS.includes(key);
  }
}

function includesMac(words: readonly string[], mac: string | null): boolean {
  const bare = (text: string): string => text.replace(/[:.-]/g, '').toLowerCase();
  return mac !== null && words.some(word => bare(word) === bare(mac));
}

/** As net_condition_test_strv() of systemd: no negated pattern matches, and one of the others does if there are others. */
function matchesGlobs(patterns: readonly string[], text: string | null | undefined): boolean {
  if (text === undefined) return true;
  const hits = (pattern: string): boolean => text !== null && globToRegExp(pattern).test(text);
  if (patterns.some(pattern => pattern.startsWith('!') && hits(pattern.slice(1)))) return false;
  const positive = patterns.filter(pattern => !pattern.startsWith('!'));
  return positive.length === 0 || positive.some(hits);
}

function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\[!?[^\]]*\]|[\s\S]/g, part => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace(/^\[!/, '[^').replace(/\\/g, '\\\\');
    return part.replace(/[\\^$.|+(){}[\]]/, '\\$&');
  });
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    return /^(?!)/; // "[z-a]" matches nothing
  }
}

/** The file that udev applies to the device: the first that matches; no other is looked at. */
export function firstMatch(files: readonly LinkFile[], device: UdevDevice): LinkFile | undefined {
  return files.find(file => appliesTo(file, device));
}

/** The value of a key that takes one: the last one given. */
export function lastValue(file: LinkFile, key: string): string | undefined {
  return file.link.get(key)?.at(-1);
}
