import type { CommandFunction } from './command-context.ts';
import type { SettingName } from './settings.ts';

/** One command: what the help says, which settings it takes, and where its code is (loaded only when it runs). */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** Not for people: left out of the help. */
  readonly hidden?: boolean;
  /** Takes one or more arguments that are no options, or none, too, where they are optional; absent: none. */
  readonly operands?: { readonly name: string; readonly description: string; readonly optional?: boolean };
  /** What the help says of a setting where this command means something of its own by it. */
  readonly descriptions?: Readonly<Partial<Record<SettingName, string>>>;
  readonly settings: readonly SettingName[];
  readonly required: readonly SettingName[];
  readonly load: () => Promise<CommandFunction>;
}

const REQUEST = [
  'interface',
  'bridge',
  'layout',
  'datapath',
  'probe',
  'confirmWithin',
  'stepTimeout',
  'gateTimeout',
  'probeTimeout',
  'useExistingBridge',
  'accept',
  'apiServer',
  'kubeconfig',
  'protectLink',
  'allowLink',
  'clearFlowRestoreWait',
  'writeLinkPolicy',
  'trunks',
  'tag',
  'vlanMode',
  'hostPortTag',
  'bondMember',
  'bondMode',
] as const satisfies readonly SettingName[];

/** All commands in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'plan',
    summary: 'assess only: findings, ordered steps and their inverses; changes nothing',
    settings: [...REQUEST, 'guard'],
    required: ['interface', 'bridge'],
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'migrate',
    summary: 'move the uplink onto the bridge, or put everything back',
    settings: [...REQUEST, 'guard'],
    required: ['interface', 'bridge'],
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  {
    name: 'confirm',
    summary: 'end the window of `migrate --confirm-within` with yes',
    settings: ['interface'],
    required: ['interface'],
    load: async () => (await import('./commands/confirm.ts')).confirm,
  },
  {
    name: 'abort',
    summary: 'ask the process that works on the uplink to roll back',
    settings: ['interface'],
    required: ['interface'],
    load: async () => (await import('./commands/abort.ts')).abort,
  },
  {
    name: 'restore',
    summary: 'undo a committed migration',
    settings: ['interface', 'stepTimeout', 'gateTimeout', 'accept', 'guard'],
    required: ['interface'],
    load: async () => (await import('./commands/restore.ts')).restore,
  },
  {
    name: 'recover',
    summary: 'after a crash: bring every journal to committed or rolled back, and links home whose move has died',
    settings: ['stepTimeout', 'gateTimeout', 'guard'],
    required: [],
    load: async () => (await import('./commands/recover.ts')).recover,
  },
  {
    name: 'status',
    summary: 'every journal, its live state, and drift',
    settings: [],
    required: [],
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'move-link',
    summary: 'move a NIC into another network namespace under another name, or leave it as it was',
    descriptions: {
      interface: 'the NIC, by its name here',
      force: 'also a link that this host uses, or that has to do with SR-IOV',
    },
    settings: [
      'interface',
      'netns',
      'name',
      'keepAddresses',
      'up',
      'way',
      'force',
      'accept',
      'protectLink',
      'allowLink',
      'stepTimeout',
    ],
    required: ['interface', 'netns'],
    load: async () => (await import('./commands/move-link.ts')).moveLink,
  },
  {
    name: 'return-link',
    summary: 'bring a NIC home that was moved, wherever it is and whatever it is called there',
    descriptions: { interface: 'the NIC, by the name that it had here' },
    settings: ['interface', 'stepTimeout'],
    required: ['interface'],
    load: async () => (await import('./commands/return-link.ts')).returnLink,
  },
  {
    name: 'wait-ovs',
    summary: 'wait until Open vSwitch is ready, and say for what was waited',
    settings: ['bridge', 'timeout', 'clearFlowRestoreWait'],
    required: [],
    load: async () => (await import('./commands/wait-ovs.ts')).waitOvs,
  },
  {
    name: 'doctor',
    summary: 'what would go wrong on this host, and what to do about it',
    settings: ['interface'],
    required: [],
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'explore',
    summary: 'every fault, crash and incident on simulated hosts; 1 when an invariant is broken',
    settings: ['seed', 'budget', 'jobs', 'save', 'case'],
    required: [],
    load: async () => (await import('./commands/explore.ts')).explore,
  },
  {
    name: 'record',
    summary: 'run a command that changes the host, and write what happened as YAML; with --last, what happened before',
    operands: { name: 'command', description: '-- and a command line: -- migrate -i eth0 -b br-ext', optional: true },
    descriptions: { interface: 'with --last: a run of this uplink (default: of any)' },
    settings: ['output', 'anonymize', 'force', 'last', 'before', 'interface'],
    required: ['output'],
    load: async () => (await import('./commands/record.ts')).record,
  },
  {
    name: 'replay',
    summary: 'play scenarios in YAML, written or recorded; 0 as expected, 1 not, 2 a bad file, 3 cannot run here',
    operands: { name: 'file', description: 'scenario, or folder with scenarios in it and below' },
    descriptions: { seed: 'shuffles the order of the scenarios; nothing else in a replay is random' },
    settings: ['verbose', 'junit', 'watch', 'until', 'seed', 'update', 'on'],
    required: [],
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    name: 'verify',
    summary: 'prove the charts: where every failure leads from every state; fails naming the offender',
    settings: [],
    required: [],
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    name: 'inspect',
    summary: 'the charts in a browser: runs of this host as they happen, a recording, or a scenario',
    descriptions: {
      port: 'on 127.0.0.1; 0 takes a free one (default: 8790)',
      probe: 'with --live: ask it ten times a second and plot the outage: gateway, tcp:H:P or cmd:...',
    },
    settings: ['live', 'recording', 'scenario', 'probe', 'port', 'open', 'stately'],
    required: [],
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  {
    name: 'export',
    summary: 'a chart as a picture, a diagram for Markdown, or a machine for the tools of XState',
    operands: { name: 'chart', description: 'uplink-migration, link-move, ... (default: all)', optional: true },
    descriptions: { output: 'a folder to write them to, a file for each chart' },
    settings: ['format', 'output'],
    required: ['format'],
    load: async () => (await import('./commands/export.ts')).exportCharts,
  },
  {
    name: 'demo',
    summary: 'migrate, measure, break and roll back in a lab of network namespaces; touches nothing of this host',
    settings: [],
    required: [],
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    name: 'guard',
    summary: 'waits beside a run of another process and takes its place when that dies; started by it',
    hidden: true,
    settings: ['interface'],
    required: ['interface'],
    load: async () => (await import('./commands/guard.ts')).guard,
  },
];
