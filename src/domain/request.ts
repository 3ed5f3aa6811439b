import type { ApiServer } from './api-server.ts';
import type { Bond } from './bond.ts';
import type { Layout } from './layout.ts';
import type { LinkLists } from './link-patterns.ts';
import type { PortSpecs } from './port-spec.ts';

/** A question to the network that must have the same answer before and after the move. */
export type Probe =
  /** Every default gateway of both families answers neighbour discovery. */
  | { readonly kind: 'gateway' }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** Exit code 0; run without a shell. */
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/** What the user asks for; plain JSON. */
export interface MigrationRequest {
  /** Name of the uplink. */
  readonly uplink: string;
  /** Name for the bridge (for `exchange-names`: the uplink's new name). */
  readonly bridge: string;
  readonly layout: Layout;
  /** Null: `system` where the running OVS offers it, else `netdev`. */
  readonly datapath: 'system' | 'netdev' | null;
  readonly probes: readonly Probe[];
  /** Commit-confirmed: roll back unless someone confirms within this time; null commits at once. */
  readonly confirmWithinMs: number | null;
  /** Use a bridge that exists and is not ours. */
  readonly useExistingBridge: boolean;
  /** Codes of blocking findings that the user takes upon themselves. */
  readonly accept: readonly string[];
  readonly deadlines: Deadlines;
  /** Which links may be moved; each must let the uplink through. */
  readonly links?: readonly LinkLists[];
  /** The API server to which the way must be kept; absent: the default route counts. */
  readonly apiServer?: ApiServer;
  /** Who takes the way back when this process dies, where the user chose it; absent for the default. */
  readonly guard?: 'process' | 'systemd' | 'none';
  /** flow-restore-wait is the user's to clear, so that the gate clears it rather than to wait. */
  readonly clearFlowRestoreWait?: boolean;
  /** Write a drop-in for udev that keeps it from giving the uplink its old name back; the way back removes it. */
  readonly writeLinkPolicy?: boolean;
  /** VLANs of the two ports; absent where nothing was asked for: what others set then stays. */
  readonly ports?: PortSpecs;
  /** The uplink and these links become one port of the bridge; absent where the uplink is a port of its own. */
  readonly bond?: Bond;
}

/** How long the chart waits, in ms. */
export interface Deadlines {
  /** For one state of the chart that changes something or waits for it to show. */
  readonly stepMs: number;
  /** For OVS to become ready. */
  readonly gateMs: number;
  /** For one probe to pass again. */
  readonly probeMs: number;
  /** Between two tries of a rollback that failed. */
  readonly retryMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = { stepMs: 10_000, gateMs: 30_000, probeMs: 5_000, retryMs: 2_000 };

/** `gateway`, `tcp:10.0.0.1:443`, `cmd:…`: as on the command line. */
export function formatProbe(probe: Probe): string {
  switch (probe.kind) {
    case 'gateway':
      return 'gateway';
    case 'tcp':
      return `tcp:${probe.host.includes(':') ? `[${probe.host}]` : probe.host}:${probe.port}`;
    case 'command':
      return `cmd:${probe.argv.join(' ')}`;
  }
}
