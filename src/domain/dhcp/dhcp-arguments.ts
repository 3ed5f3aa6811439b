import type { DhcpClient } from '../owners.ts';
import { type OptionSyntax, parseOptions } from './options.ts';

/** What a DHCP client's command line says. */
export interface DhcpArguments {
  readonly program: DhcpClient['program'];
  /** The links that it names; empty where it serves every link. */
  readonly links: readonly string[];
  readonly family: 4 | 6 | null;
  readonly leaseFile: string | null;
  readonly pidFile: string | null;
}

/** What the kernel calls the processes of these clients. */
export const DHCP_PROCESS_NAMES: ReadonlySet<string> = new Set(['dhclient', 'dhcpcd', 'udhcpc', 'udhcpc6', 'busybox']);

/**
 * Reads the command line of a DHCP client. Undefined for what serves no link: another program, a helper process of dhcpcd, a command that speaks to
 * another client and ends.
 */
export function parseDhcpArguments(argv: readonly string[]): DhcpArguments | undefined {
  const [file = '', ...args] = argv;
  // dhcpcd writes a title over its arguments: `dhcpcd: eth0 [ip4]`.
  if (/^dhcpcd: /.test(file)) return parseDhcpcdTitle(argv.join(' '));
  switch (file.slice(file.lastIndexOf('/') + 1)) {
    case 'dhclient':
      return parseDhclient(args);
    case 'udhcpc':
      return parseUdhcpc(args, 4);
    case 'udhcpc6':
      return parseUdhcpc(args, 6);
    case 'busybox':
      return /^udhcpc6?$/.test(args[0] ?? '') ? parseDhcpArguments(args) : undefined;
    case 'dhcpcd':
      return parseDhcpcd(args);
    default:
      return undefined;
  }
}

/** dhclient(8) writes long options with one hyphen, and Red Hat's has more of them. */
const DHCLIENT_WITH_VALUE = new Set([
  ...['-p', '-D', '-e', '-s', '-g', '-C', '-F', '-H', '-V', '-4o6', '-timeout'],
  ...['-pf', '-lf', '-cf', '-df', '-sf'],
  ...['--dad-wait-time', '--prefix-len-hint', '--decline-wait-time', '--address-prefix-len'],
]);

function parseDhclient(args: readonly string[]): DhcpArguments | undefined {
  const values = new Map<string, string>();
  const links: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (!word.startsWith('-')) {
      links.push(word);
      continue;
    }
    if (DHCLIENT_WITH_VALUE.has(word)) index += 1;
    values.set(word, args[index] ?? '');
  }
  // It releases the lease, or stops another dhclient, and ends.
  if (values.has('-r') || values.has('-x')) return undefined;
  return {
    program: 'dhclient',
    links,
    family: values.has('-6') ? 6 : 4,
    leaseFile: values.get('-lf') ?? null,
    pidFile: values.get('-pf') ?? null,
  };
}

const UDHCPC: OptionSyntax = {
  withValue: 'ipsHhFVxrctTAPO',
  withOptionalValue: 'a',
  long: {
    interface: 'i',
    pidfile: 'p',
    script: 's',
    hostname: 'H',
    fqdn: 'F',
    vendorclass: 'V',
    request: 'r',
    retries: 't',
    timeout: 'T',
    tryagain: 'A',
    'request-option': 'O',
    'client-port': 'P',
    arping: 'a',
  },
};

function parseUdhcpc(args: readonly string[], family: 4 | 6): DhcpArguments {
  // udhcpc6 has no -h, -F and -V with a value, but nobody gives it those.
  const { values } = parseOptions(args, UDHCPC);
  // It keeps no lease file.
  return {
    program: 'udhcpc',
    links: [values.get('i') ?? 'eth0'],
    family,
    leaseFile: null,
    pidFile: values.get('p') ?? null,
  };
}

const DHCPCD: OptionSyntax = {
  withValue: 'cefhijlmorstuvyzCFIOQSWXZ',
};

function parseDhcpcd(args: readonly string[]): DhcpArguments | undefined {
  const { values, operands } = parseOptions(args, DHCPCD);
  // These speak to the dhcpcd that runs: release, exit, rebind, reconfigure, dump, print.
  if (['k', 'x', 'n', 'N', 'g', 'U', 'P', 'T', 'V'].some(letter => values.has(letter))) return undefined;
  return dhcpcd(operands, values.has('4') ? 4 : values.has('6') ? 6 : null);
}

/** `dhcpcd: eth0 [ip4]`, `dhcpcd: [manager] [ip4] [ip6]`; helpers are `[privileged proxy]`, `[network proxy]`, `[BPF ARP]`, … */
function parseDhcpcdTitle(title: string): DhcpArguments | undefined {
  const words = /^dhcpcd: (\S+)((?: \[ip[46]\])*)[\s\0]*$/.exec(title);
  if (words === null) return undefined;
  const [, subject = '', families = ''] = words;
  if (subject.startsWith('[') && !['[master]', '[manager]'].includes(subject)) return undefined;
  const family = families.trim() === '[ip4]' ? 4 : families.trim() === '[ip6]' ? 6 : null;
  return dhcpcd(subject.startsWith('[') ? [] : [subject], family);
}

function dhcpcd(links: readonly string[], family: 4 | 6 | null): DhcpArguments {
  return { program: 'dhcpcd', links, family, leaseFile: null, pidFile: null };
}
