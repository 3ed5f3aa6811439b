import type { Logger } from 'pino';
import type { InspectionEvent } from 'xstate';
import type { ApiServer } from '../domain/api-server.ts';
import type { BondOptions } from '../domain/bond.ts';
import type { Finding } from '../domain/finding.ts';
import type { Layout } from '../domain/layout.ts';
import type { LinkLists } from '../domain/link-patterns.ts';
import type { PortOptions } from '../domain/port-spec.ts';
import type { Deadlines, Probe } from '../domain/request.ts';
import type { Host } from '../host/host.ts';
import type { Moves } from './move/moves.ts';
import type { PlanReport, ReadinessReport, Run, StatusReport } from './run.ts';

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`, several with commas. Default `unix:/var/run/openvswitch/db.sock`. */
  readonly ovsdb?: string;
  /** Control socket of ovs-vswitchd; default: found beside the OVSDB socket. */
  readonly unixctl?: string;
  /** Certificates for `ssl:`. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Folder of the journals, made with mode 0700. Default `/var/lib/ovs-uplink`. */
  readonly stateDir?: string;
  readonly logger?: Logger;
  /**
   * Who puts the host back when this process dies or hangs in the middle of a run: `process`, a detached process of ours; `systemd`, the same as a
   * transient unit, which also outlives the end of this process's own unit; `none`: nobody before the next `recover`. Default `process`, but `none`
   * with a `host` of your own, and where the package's `bin/start.mjs` is not to be found (a bundle).
   */
  readonly guard?: 'process' | 'systemd' | 'none';
  /**
   * What the guard does with this process when a state of the chart lasts seconds longer than its deadline, so that the event loop must be blocked or
   * the process stopped: `wait` (default) until it goes on or ends; `kill` it with SIGKILL and put the host back at once.
   */
  readonly onHang?: 'kill' | 'wait';
  /** Sees what every chart does; see {@link startInspector}. What it throws becomes a process warning. */
  readonly inspect?: (event: InspectionEvent) => void;
  /** Another host than this one, for instance a simulated one. */
  readonly host?: Host;
}

/** What to migrate. Fields that are left out have the defaults of the command line. */
export interface MigrateOptions {
  readonly uplink: string;
  readonly bridge: string;
  readonly layout?: Layout;
  readonly datapath?: 'system' | 'netdev';
  /** Default: the gateway probe. */
  readonly probes?: readonly Probe[];
  readonly confirmWithinMs?: number;
  readonly useExistingBridge?: boolean;
  /** Codes of blocking findings that are accepted. */
  readonly accept?: readonly string[];
  readonly deadlines?: Partial<Deadlines>;
  /** Which links may be moved; each of the lists must let the uplink through. */
  readonly links?: readonly LinkLists[];
  /** The API server to which the way must be kept. */
  readonly apiServer?: ApiServer;
  /** flow-restore-wait is ours to clear when all else is ready. Default: it is waited for. */
  readonly clearFlowRestoreWait?: boolean;
  /** Write a drop-in for udev that keeps it from giving the uplink its old name back; the way back removes it. */
  readonly writeLinkPolicy?: boolean;
  /** VLANs of the uplink's port and of the host port. Default: all of them, and frames without a tag. */
  readonly ports?: PortOptions;
  /** Further links that become one port of the bridge with the uplink: a bond of Open vSwitch. Default: none. */
  readonly bond?: BondOptions;
  /** Aborting it is an ABORT to the chart: it rolls back, or refuses where nothing was changed. */
  readonly signal?: AbortSignal;
}

/** The engine. Make one with `createEngine`. */
export interface Engine extends Moves, AsyncDisposable {
  /** Assesses only; changes nothing. */
  plan(options: MigrateOptions): Promise<PlanReport>;
  migrate(options: MigrateOptions): Run;
  /** Ends the confirm window of a run in another process. Rejects with JOURNAL_MISSING or USAGE where there is none. */
  confirm(uplink: string): Promise<void>;
  /** Asks a run in another process to roll back. */
  abort(uplink: string): Promise<void>;
  restore(options: {
    readonly uplink: string;
    readonly deadlines?: Partial<Deadlines>;
    /** `foreign-ports`: the bridge may go although others have ports on it. */
    readonly accept?: readonly string[];
    readonly signal?: AbortSignal;
  }): Run;
  /** Brings every journal of a migration to committed or rolled back, one run each, in order; those of moved links: `recoverMoves`. */
  recover(options?: {
    readonly deadlines?: Partial<Deadlines>;
    readonly signal?: AbortSignal;
  }): Promise<readonly Run[]>;
  status(): Promise<readonly StatusReport[]>;
  waitForOvs(options?: {
    readonly bridge?: string;
    readonly timeoutMs?: number;
    /** flow-restore-wait is ours to clear when all else is ready. */
    readonly clearFlowRestoreWait?: boolean;
    readonly signal?: AbortSignal;
    readonly onProgress?: (entry: { readonly atMs: number; readonly text: string }) => void;
  }): Promise<ReadinessReport>;
  /** What would go wrong on this host. */
  doctor(uplink?: string): Promise<readonly Finding[]>;
}
