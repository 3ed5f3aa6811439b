/** Canonical network of an address: `networkOf('10.9.0.2', 24)` is `10.9.0.0/24`. */
export function networkOf(address: string, prefixLength: number): string {
  const bytes = parseIp(address);
  if (bytes === undefined) return `${address}/${prefixLength}`;
  for (let bit = prefixLength; bit < bytes.length * 8; bit += 1) {
    const index = bit >> 3;
    bytes[index] = (bytes[index] ?? 0) & ~(0x80 >> (bit & 7));
  }
  return `${formatIp(bytes)}/${prefixLength}`;
}

/** The last address of an IPv4 network, which all of it listens to; null where there is none: for two addresses or one (RFC 3021). */
export function broadcastOf(address: string, prefixLength: number): string | null {
  const bytes = parseIp(address);
  if (bytes === undefined || prefixLength > 30) return null;
  for (let bit = prefixLength; bit < 32; bit += 1) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return formatIp(bytes);
}

/** The bytes of an IPv4 (4) or IPv6 (16) address; undefined when it is neither. */
export function parseIp(text: string): number[] | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.map(Number);
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(half => (half === '' ? [] : half.split(':')).flatMap(groupBytes));
  if (head === undefined || head.includes(-1) || tail?.includes(-1)) return undefined;
  if (tail === undefined) return head.length === 16 ? head : undefined;
  const gap = 16 - head.length - tail.length;
  return gap < 1 ? undefined : [...head, ...new Array<number>(gap).fill(0), ...tail];
}

function groupBytes(group: string): number[] {
  if (group.includes('.')) return parseIpv4(group) ?? [-1];
  if (!/^[0-9a-f]{1,4}$/i.test(group)) return [-1];
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

/** Text form of 4 or 16 bytes; IPv6 as in RFC 5952. */
export function formatIp(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map(group => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
