/** One section of a .network file with its lines as they stand, comments left out. */
export interface NetworkSection {
  readonly name: string;
  readonly settings: readonly NetworkSetting[];
}

/** `Key=value`; an empty value takes back the ones before it (systemd.syntax(7)). */
export interface NetworkSetting {
  readonly key: string;
  readonly value: string;
}

/** Sections of a .network file in order. Lines that go on after a backslash are joined; what stands before the first section is left out. */
export function parseNetworkText(text: string): readonly NetworkSection[] {
  const sections: { name: string; settings: NetworkSetting[] }[] = [];
  const lines = text
    .replaceAll('\0', '')
    .split('\n')
    .filter(line => !/^\s*[#;]/.test(line));
  for (const line of lines.join('\n').replaceAll('\\\n', ' ').split('\n')) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (header !== null) sections.push({ name: header[1] ?? '', settings: [] });
    const equals = line.indexOf('=');
    if (header !== null || equals <= 0) continue;
    sections.at(-1)?.settings.push({ key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() });
  }
  return sections;
}

/** The last value of a setting, over all sections of these names; undefined where it is not set. */
export function lastValue(
  sections: readonly NetworkSection[],
  names: readonly string[],
  key: string,
): string | undefined {
  const value = sections
    .filter(section => names.includes(section.name))
    .flatMap(section => section.settings)
    .findLast(setting => setting.key === key)?.value;
  return value === '' ? undefined : value;
}

/** Which DHCP clients a .network file asks for; a router may have networkd start the one for IPv6, too. */
export function dhcpFamilies(text: string): { readonly dhcp4: boolean; readonly dhcp6: boolean } {
  const value = (lastValue(parseNetworkText(text), ['Network'], 'DHCP') ?? 'no').toLowerCase();
  const isBoth = ['yes', 'y', 'true', 't', 'on', '1', 'both'].includes(value);
  return { dhcp4: isBoth || ['ipv4', 'v4'].includes(value), dhcp6: isBoth || ['ipv6', 'v6'].includes(value) };
}
