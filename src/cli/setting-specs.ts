import { resolve } from 'node:path';
import { BOND_MODES } from '../domain/bond.ts';
import { LAYOUTS } from '../domain/layout.ts';
import { MOVE_WAYS } from '../domain/move/plan.ts';
import { VLAN_MODES } from '../domain/port-spec.ts';
import { EXPORT_FORMATS } from '../inspect/export/formats.ts';
import { parseRemotes } from '../ovsdb/remote.ts';
import { parseApiServer } from './parse/api-server.ts';
import { choiceOf } from './parse/choice.ts';
import { countOf } from './parse/count.ts';
import { parseDuration } from './parse/duration.ts';
import { parseHttpUrl } from './parse/http-url.ts';
import { parseLinkName } from './parse/link-name.ts';
import { parseLinkPattern } from './parse/link-pattern.ts';
import { parseProbe } from './parse/probe.ts';
import { usageError } from './parse/usage-error.ts';
import { parseVlan, parseVlans } from './parse/vlan.ts';
import type { SettingName } from './settings.ts';

/** One setting: how it looks on the command line, and how its text is read in both places. */
export interface SettingSpec {
  /** As commander wants it: `-i, --interface <name>`. Without `<…>` it is a switch. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; a list in the configuration file. */
  readonly repeatable?: boolean;
  /** Reads one value; throws `USAGE`. Absent for a switch. */
  readonly parse?: (text: string) => unknown;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** All settings; the one place that knows them. */
export const SETTING_SPECS: Readonly<Record<SettingName, SettingSpec>> = {
  ovsdb: {
    flags: '--ovsdb <address>',
    description: 'OVSDB: unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT (default: unix:/var/run/openvswitch/db.sock)',
    parse: parseOvsdb,
  },
  unixctl: {
    flags: '--unixctl <path>',
    description: 'control socket of ovs-vswitchd (default: found beside the OVSDB socket)',
    parse: parsePath,
  },
  privateKey: { flags: '--private-key <file>', description: 'key for ssl:', parse: parsePath },
  certificate: { flags: '--certificate <file>', description: 'certificate for ssl:', parse: parsePath },
  caCert: { flags: '--ca-cert <file>', description: 'authority that signed the certificate of ssl:', parse: parsePath },
  stateDir: {
    flags: '--state-dir <dir>',
    description: 'folder of the journals (default: /var/lib/ovs-uplink)',
    parse: parsePath,
  },
  logLevel: {
    flags: '--log-level <level>',
    description: `${LOG_LEVELS.join(', ')} (default: warn); logs go to stderr`,
    parse: choiceOf('log level', LOG_LEVELS),
  },
  json: { flags: '--json', description: 'one JSON object a line on stdout' },
  interface: { flags: '-i, --interface <name>', description: 'the uplink', parse: parseLinkName },
  bridge: { flags: '-b, --bridge <name>', description: 'the bridge', parse: parseLinkName },
  layout: {
    flags: '--layout <layout>',
    description: `who carries which name afterwards: ${LAYOUTS.join(', ')} (default: host-port)`,
    parse: choiceOf('layout', LAYOUTS),
  },
  datapath: {
    flags: '--datapath <type>',
    description: 'system or netdev (default: system where this OVS offers it)',
    parse: choiceOf('datapath', ['system', 'netdev']),
  },
  probe: {
    flags: '--probe <probe>',
    description:
      'must answer afterwards as before: gateway, tcp:HOST:PORT, or cmd:COMMAND, split at white space outside of quotes, ' +
      'or cmd:["PROGRAM","ARGUMENT"]; no shell (repeatable; default: gateway)',
    repeatable: true,
    parse: parseProbe,
  },
  confirmWithin: {
    flags: '--confirm-within <duration>',
    description: 'roll back unless `ovs-uplink confirm` comes within this time, like 60s',
    parse: parseDuration,
  },
  stepTimeout: {
    flags: '--step-timeout <duration>',
    description: 'for one step of the chart (default: 10s)',
    parse: parseDuration,
  },
  probeTimeout: {
    flags: '--probe-timeout <duration>',
    description: 'for the probes to pass again (default: 5s)',
    parse: parseDuration,
  },
  gateTimeout: {
    flags: '--gate-timeout <duration>',
    description: 'for OVS to become ready (default: 30s)',
    parse: parseDuration,
  },
  useExistingBridge: { flags: '--use-existing-bridge', description: 'use a bridge that exists and is not ours' },
  accept: {
    flags: '--accept <code>',
    description: 'go on in spite of this blocking finding (repeatable)',
    repeatable: true,
    parse: parseFindingCode,
  },
  netns: {
    flags: '--netns <name|path>',
    description: 'network namespace that it goes to: a name of `ip netns`, or a path like /proc/PID/ns/net',
    parse: parseNetns,
  },
  name: { flags: '--name <name>', description: 'its name there (default: the one it has)', parse: parseLinkName },
  keepAddresses: { flags: '--keep-addresses', description: 'it has its addresses there, too' },
  up: { flags: '--up', description: 'up there, also where it is down here; brought home it is down again' },
  way: {
    flags: '--way <way>',
    description:
      'message: one request moves, renames and raises it; steps: it is renamed in a namespace in between (default: message, where the kernel can)',
    parse: choiceOf('way', MOVE_WAYS),
  },
  guard: {
    flags: '--guard <kind>',
    description:
      'who puts the host back when this process dies or hangs: process (a detached one), systemd (a transient unit) or none (default: process)',
    parse: choiceOf('guard', ['process', 'systemd', 'none']),
  },
  apiServer: {
    flags: '--api-server <address>',
    description:
      'the Kubernetes API server, to which the way must be kept: https://HOST:PORT, HOST:PORT or an address; a name counts by /etc/hosts',
    parse: parseApiServer,
  },
  kubeconfig: {
    flags: '--kubeconfig <file>',
    description: 'the same, from the current context of this file (default: the default route counts)',
    parse: parsePath,
  },
  protectLink: {
    flags: '--protect-link <pattern>',
    description:
      'never move such a link: a name like eth*, mac:AA:BB:*, path:pci-0000:03:* or kind:bond (repeatable; with links.protect of the configuration file)',
    repeatable: true,
    parse: parseLinkPattern,
  },
  allowLink: {
    flags: '--allow-link <pattern>',
    description:
      'move no other links than such ones (repeatable; links.allow of the configuration file must allow it, too)',
    repeatable: true,
    parse: parseLinkPattern,
  },
  clearFlowRestoreWait: {
    flags: '--clear-flow-restore-wait',
    description:
      'flow-restore-wait of Open vSwitch is ours: clear it when all else is ready, rather than wait until somebody does',
  },
  writeLinkPolicy: {
    flags: '--write-link-policy',
    description: 'write a drop-in for udev that keeps it from giving the uplink its old name back; restore removes it',
  },
  trunks: {
    flags: '--trunks <vlans>',
    description:
      'VLANs that the port of the uplink carries with a tag, like 10,20-29; 0 for frames without one (repeatable; default: all)',
    repeatable: true,
    parse: parseVlans,
  },
  tag: {
    flags: '--tag <vlan>',
    description:
      'VLAN of the port of the uplink: its only one, or with --vlan-mode native-… that of frames without a tag',
    parse: parseVlan,
  },
  vlanMode: {
    flags: '--vlan-mode <mode>',
    description: `${VLAN_MODES.join(', ')} (default: access with --tag, else trunk)`,
    parse: choiceOf('VLAN mode', VLAN_MODES),
  },
  hostPortTag: {
    flags: '--host-port-tag <vlan>',
    description: 'VLAN that the host itself is in; the port of the uplink must let it through',
    parse: parseVlan,
  },
  bondMember: {
    flags: '--bond-member <link>',
    description:
      'make one port of the bridge of the uplink and this link: a bond of Open vSwitch (repeatable; the link must have no addresses)',
    repeatable: true,
    parse: parseLinkName,
  },
  bondMode: {
    flags: '--bond-mode <mode>',
    description: `${BOND_MODES.join(', ')} (with LACP) (default: active-backup)`,
    parse: choiceOf('bond mode', BOND_MODES),
  },
  timeout: { flags: '--timeout <duration>', description: 'how long to wait (default: 30s)', parse: parseDuration },
  seed: {
    flags: '--seed <number>',
    description: 'the same seed explores the same runs (default: 1)',
    parse: countOf('seed', 0, 2 ** 32 - 1),
  },
  budget: {
    flags: '--budget <runs>',
    description: 'how many runs, or all: every single fault and incident once (default: 20000)',
    parse: text => (text === 'all' ? null : countOf('number of runs', 1, 1_000_000_000)(text)),
  },
  jobs: {
    flags: '--jobs <number>',
    description: 'worker threads (default: one for each processor)',
    parse: countOf('number of threads', 1, 256),
  },
  case: { flags: '--case <file>', description: 'play a case again that exploration wrote', parse: parsePath },
  save: {
    flags: '--save <dir>',
    description: 'write each run that broke an invariant there, as small as it could be made',
    parse: parsePath,
  },
  output: { flags: '-o, --output <file>', description: 'where to write it, for nobody else to read', parse: parsePath },
  anonymize: {
    flags: '--anonymize',
    description: 'other addresses, names and ids, the same throughout; the recording replays as before',
  },
  force: { flags: '--force', description: 'overwrite the file' },
  last: { flags: '--last', description: 'run nothing: take the last run from the flight recorder, after a crash' },
  before: {
    flags: '--before <runs>',
    description: 'with --last: the run so many before the last one (default: 0)',
    parse: countOf('number of runs', 0, 1_000_000),
  },
  verbose: { flags: '--verbose', description: 'the time line with all operations, of every scenario' },
  junit: { flags: '--junit <file>', description: 'write the results there as JUnit XML', parse: parsePath },
  watch: { flags: '--watch', description: 'again whenever a file changes, until Ctrl-C' },
  until: {
    flags: '--until <state>',
    description: 'stop where the chart enters this state, like cuttingOver; what comes after is not judged',
    parse: parseState,
  },
  update: {
    flags: '--update',
    description: 'write each time line to NAME.golden beside its file, to be compared from then on',
  },
  on: {
    flags: '--on <where>',
    description: 'simulation, or lab: real kernel and Open vSwitch in namespaces (default: simulation)',
    parse: choiceOf('place', ['simulation', 'lab']),
  },
  live: { flags: '--live', description: 'runs of the state folder as they happen (the default)' },
  recording: { flags: '--recording <file>', description: 'what `record` wrote', parse: parsePath },
  scenario: { flags: '--scenario <file>', description: 'play a scenario, and show it', parse: parsePath },
  open: { flags: '--open', description: 'open the browser of this desktop' },
  stately: {
    flags: '--stately <url>',
    description: "page of Stately's inspector (default: https://stately.ai/inspect)",
    parse: parseHttpUrl,
  },
  port: {
    flags: '--port <number>',
    description: 'on 127.0.0.1; 0 takes a free one',
    parse: countOf('port', 0, 65_535),
  },
  format: {
    flags: '--format <format>',
    description: 'mermaid, svg, json (the configuration of XState) or xstate (source for Stately Studio)',
    parse: choiceOf('format', Object.keys(EXPORT_FORMATS)),
  },
};

/** Settings that every command takes. */
export const COMMON_SETTINGS = [
  'ovsdb',
  'unixctl',
  'privateKey',
  'certificate',
  'caCert',
  'stateDir',
  'logLevel',
  'json',
] as const satisfies readonly SettingName[];

/** `--state-dir` for `stateDir`: the name that an error calls a setting by. */
export function longFlagOf(name: SettingName): string {
  return /--[a-z-]+/.exec(SETTING_SPECS[name].flags)![0];
}

function parseOvsdb(text: string): string {
  parseRemotes(text);
  return text;
}

function parsePath(text: string): string {
  if (text === '' || text.startsWith('-') || text.includes('\0'))
    throw usageError('not a path', { expected: 'a file or folder', got: text });
  return resolve(text);
}

function parseNetns(text: string): string {
  if (text.startsWith('/') && !text.includes('\0')) return text;
  if (/^[^/\s\0-][^/\s\0]*$/.test(text) && text !== '.' && text !== '..') return text;
  throw usageError('not a network namespace', {
    expected: 'a name of `ip netns`, or a path that begins with "/"',
    got: text,
    advice: 'ip netns list shows the names',
  });
}

function parseState(text: string): string {
  if (/^[A-Za-z]\w*(\.\w+)*$/.test(text)) return text;
  throw usageError('not a state of a chart', { expected: 'a name like cuttingOver.attachingUplink', got: text });
}

function parseFindingCode(text: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text)) return text;
  throw usageError('not a code of a finding', {
    expected: 'a word like bridge-not-ours',
    got: text,
    advice: 'ovs-uplink plan prints the codes',
  });
}
