import type { ApiServer } from '../domain/api-server.ts';
import type { BondMode } from '../domain/bond.ts';
import type { Layout } from '../domain/layout.ts';
import type { LinkLists, LinkPattern } from '../domain/link-patterns.ts';
import type { MoveWay } from '../domain/move/plan.ts';
import type { VlanMode } from '../domain/port-spec.ts';
import type { Probe } from '../domain/request.ts';
import type { ExportFormat } from '../inspect/export/formats.ts';

/** Levels of `--log-level`, as pino has them. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * What the command line and the configuration file say together. Keys are the long options in camelCase; a key that was given in neither
 * is absent. Durations are in ms.
 */
export interface Settings {
  readonly ovsdb?: string;
  readonly unixctl?: string;
  readonly privateKey?: string;
  readonly certificate?: string;
  readonly caCert?: string;
  readonly stateDir?: string;
  readonly logLevel?: LogLevel;
  readonly json?: boolean;
  readonly interface?: string;
  readonly bridge?: string;
  readonly layout?: Layout;
  readonly datapath?: 'system' | 'netdev';
  readonly probe?: readonly Probe[];
  readonly confirmWithin?: number;
  readonly stepTimeout?: number;
  readonly gateTimeout?: number;
  readonly probeTimeout?: number;
  readonly useExistingBridge?: boolean;
  readonly accept?: readonly string[];
  /** Name or path. */
  readonly netns?: string;
  readonly name?: string;
  readonly keepAddresses?: boolean;
  readonly up?: boolean;
  readonly way?: MoveWay;
  readonly guard?: 'process' | 'systemd' | 'none';
  readonly apiServer?: Pick<ApiServer, 'host' | 'port'>;
  readonly kubeconfig?: string;
  readonly protectLink?: readonly LinkPattern[];
  readonly allowLink?: readonly LinkPattern[];
  /** Of the configuration file only, where they stand for both lists of the command line: those of one do not replace those of the other. */
  readonly links?: LinkLists;
  readonly clearFlowRestoreWait?: boolean;
  readonly writeLinkPolicy?: boolean;
  /** One list for each time that it was given. */
  readonly trunks?: readonly (readonly number[])[];
  readonly tag?: number;
  readonly vlanMode?: VlanMode;
  readonly hostPortTag?: number;
  readonly bondMember?: readonly string[];
  readonly bondMode?: BondMode;
  readonly timeout?: number;
  readonly seed?: number;
  /** Null: everything. */
  readonly budget?: number | null;
  readonly jobs?: number;
  readonly case?: string;
  readonly save?: string;
  readonly output?: string;
  readonly anonymize?: boolean;
  readonly force?: boolean;
  readonly last?: boolean;
  /** Count of runs. */
  readonly before?: number;
  readonly verbose?: boolean;
  readonly junit?: string;
  readonly watch?: boolean;
  /** State of a chart. */
  readonly until?: string;
  readonly update?: boolean;
  readonly on?: 'simulation' | 'lab';
  readonly format?: ExportFormat;
  readonly live?: boolean;
  readonly recording?: string;
  readonly scenario?: string;
  readonly open?: boolean;
  /** URL of a page that does what Stately's inspector does. */
  readonly stately?: string;
  readonly port?: number;
}

/** Name of a setting: the key in the configuration file, where {@link Settings.links} has the place of the two lists. */
export type SettingName = Exclude<keyof Settings, 'links'>;
