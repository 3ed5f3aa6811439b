/** Sections of a file in the format of GLib's key files, which NetworkManager writes; what is malformed is left out. */
export function parseKeyfile(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[([^[\]]+)\]$/.exec(line)?.[1];
    if (heading !== undefined) {
      section = sections.get(heading) ?? new Map();
      sections.set(heading, section);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals > 0) section?.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  return sections;
}

/** Short names that nm-settings-keyfile(5) allows for types, and their names on the bus. */
const TYPE_ALIASES: ReadonlyMap<string, string> = new Map([
  ['ethernet', '802-3-ethernet'],
  ['wifi', '802-11-wireless'],
]);

/** Name of a profile's type as the bus has it. */
export function profileType(text: string): string {
  return TYPE_ALIASES.get(text) ?? text;
}
