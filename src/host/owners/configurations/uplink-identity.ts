/** What a configuration may know the uplink by. */
export interface UplinkIdentity {
  readonly name: string;
  readonly mac: string | null;
  readonly permanentMac: string | null;
}

/** A longer pattern matches nothing. */
const MAX_PATTERN_LENGTH = 256;

/** True where this is a MAC of the uplink, its present or its own one. */
export function hasMac(uplink: UplinkIdentity, mac: unknown): boolean {
  if (typeof mac !== 'string') return false;
  const wanted = mac.toLowerCase().replaceAll('-', ':');
  return [uplink.mac, uplink.permanentMac].some(own => own?.toLowerCase() === wanted);
}

/** glob(7) for one name: `*`, `?`, `[a-z]`, `[!a-z]`. */
export function matchesGlob(pattern: string, name: string): boolean {
  if (pattern.length > MAX_PATTERN_LENGTH) return false;
  const source = pattern.replace(/\*+|\?|\[!?[^\]]+\]|[^*?[]|\[/g, part => {
    if (part.startsWith('*')) return '.*';
    if (part === '?') return '.';
    if (part.length > 2 && part.startsWith('[')) {
      return `[${part
        .slice(1, -1)
        .replace(/^!/, '^')
        .replace(/[\\[\]]/g, '\\$&')}]`;
    }
    return part.replace(/[\\^$.|+()[\]{}/-]/g, '\\$&');
  });
  try {
    return new RegExp(`^(?:${source})$`, 'su').test(name);
  } catch {
    return false; // a range that runs backwards
  }
}
