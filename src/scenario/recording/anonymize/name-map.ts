import type { Identities } from './collect.ts';

/** Names that every host with Open vSwitch has. */
const EVERYBODYS: ReadonlySet<string> = new Set([
  'lo',
  'ovs-system',
  'ovs-netdev',
  'system',
  'netdev',
  'localhost',
  '',
]);

/**
 * New names for links, bridges and hosts. The `~` of a renamed uplink, the number of a VLAN and that of a label stay: `eth0~` is `nic1~` where `eth0` is `nic1`.
 * `known` are hosts that are nowhere in the recording but may be within its texts.
 */
export function createNameMap(identities: Identities, known: readonly string[]): ReadonlyMap<string, string> {
  const { links, bridges, hosts } = identities;
  const originals = new Set([...links, ...bridges, ...hosts, ...known]);
  const made = new Map<string, string>();
  const give = (name: string, kind: string): void => {
    if (EVERYBODYS.has(name) || made.has(name)) return;
    const [, base = name, suffix = ''] = /^(.+?)((?:\.\d+)?~?(?::\w+)?)$/.exec(name) ?? [];
    if (base !== name) {
      give(base, kind);
      made.set(name, `${made.get(base) ?? base}${suffix}`);
      return;
    }
    let number = [...made.values()].filter(other => other.startsWith(kind)).length + 1;
    while (originals.has(`${kind}${number}`) || [...made.values()].includes(`${kind}${number}`)) number += 1;
    made.set(name, `${kind}${number}`);
  };
  for (const name of bridges) give(name, 'bridge');
  for (const name of links) give(name, 'nic');
  for (const name of [...hosts, ...known]) give(name, 'host');
  return made;
}
