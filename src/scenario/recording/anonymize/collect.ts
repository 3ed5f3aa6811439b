import { parseIp } from '../../../domain/prefix.ts';
import { HOST_IN_TEXT, IP_TOKEN, LINK_TOKEN, MAPPED_V4 } from './tokens.ts';
import { mapTexts } from './visit.ts';

/** What in a recording names somebody or something. */
export interface Identities {
  /** Names and altnames of links. */
  readonly links: ReadonlySet<string>;
  readonly bridges: ReadonlySet<string>;
  readonly hosts: ReadonlySet<string>;
  readonly addresses: readonly string[];
  /** `10.9.0.0/24`; host bits may be set. */
  readonly networks: readonly string[];
  /** Command lines of probes. */
  readonly commands: ReadonlySet<string>;
}

const LINK_KEYS: ReadonlySet<string> = new Set([
  'altnames',
  'hostPort',
  'iif',
  'label',
  'oif',
  'uplink',
  'ovs-uplink:uplink',
]);
/** Culprits that are programs. */
const PROGRAM = /^(ovs(db)?-|systemd|NetworkManager|dhc|teamd|udev|system$|netdev$|[a-z]+(-[a-z]+)+$)/;
/** What the kernel takes as the name of a link. */
const LINK_NAME = /^[^\s/:]{1,15}$/;

/** Looks through a recording for names and addresses. */
export function collectIdentities(recording: object): Identities {
  const links = new Set<string>();
  const bridges = new Set<string>();
  const hosts = new Set<string>();
  const addresses = new Set<string>();
  const networks = new Set<string>();
  const commands = new Set<string>();
  const onText = (text: string, path: readonly string[]): string => {
    const [key = '', outer = ''] = [path.at(-1), path.at(-2)];
    if (key === 'bridge' || (key === 'name' && outer === 'bridge')) bridges.add(text);
    else if (LINK_KEYS.has(key) || (key === 'name' && path.length > 1)) links.add(text);
    // Profiles of NetworkManager are called after places.
    else if (key === 'host' || (key === 'id' && outer === 'connection')) hosts.add(text);
    else if (key === 'culprit' && LINK_NAME.test(text) && !PROGRAM.test(text) && parseIp(text) === undefined) {
      links.add(text);
    }
    for (const [name] of text.matchAll(LINK_TOKEN)) links.add(name);
    for (const found of text.matchAll(HOST_IN_TEXT)) hosts.add(found[1] ?? found[2] ?? found[0]);
    for (const [token] of text.matchAll(IP_TOKEN)) {
      const [whole = '', length] = token.split('/');
      const address = whole.replace(MAPPED_V4, '');
      if (parseIp(address) === undefined) continue;
      addresses.add(address);
      if (length !== undefined) networks.add(token);
    }
    return text;
  };
  mapTexts(recording, onText);
  forEachObject(recording, object => {
    const { local, prefixLength, argv } = object as { local?: unknown; prefixLength?: unknown; argv?: unknown };
    if (typeof local === 'string' && typeof prefixLength === 'number') networks.add(`${local}/${prefixLength}`);
    if (Array.isArray(argv)) commands.add(argv.join(' '));
  });
  for (const host of hosts) if (parseIp(host) !== undefined) hosts.delete(host);
  // A port that is the bridge's own has its name.
  for (const name of bridges) links.delete(name);
  return { links, bridges, hosts, addresses: [...addresses], networks: [...networks], commands };
}

function forEachObject(value: unknown, visit: (object: object) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) visit(value);
  for (const field of Object.values(value)) forEachObject(field, visit);
}
