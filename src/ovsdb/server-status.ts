import { NO_TRANSACTION, startMonitor } from './monitor.ts';
import { type MonitorPlan, planMonitor } from './monitor-plan.ts';
import { createRowStore } from './replica.ts';
import { parseSchema } from './schema.ts';
import type { ServerLink } from './server-link.ts';
import type { Row } from './value.ts';

/** What a server says about one of its databases (ovsdb-server(5), database _Server). */
export interface ServerStatus {
  readonly model: string;
  /** False while the server is cut off from the majority of its cluster. */
  readonly connected: boolean;
  readonly leader: boolean;
  /** Cluster id; null outside of a cluster. */
  readonly clusterId: string | null;
  /** Index of the last Raft log entry that was applied; null outside of a cluster. */
  readonly index: number | null;
}

const optional = (key: string) => ({ type: { key, min: 0, max: 1 } });
/** The part of _Server that matters; unchanged since Open vSwitch 2.9, so it need not be asked for. */
const plan: MonitorPlan = planMonitor(
  parseSchema({
    name: '_Server',
    tables: {
      Database: {
        columns: {
          name: { type: 'string' },
          model: { type: 'string' },
          connected: { type: 'boolean' },
          leader: { type: 'boolean' },
          cid: optional('uuid'),
          index: optional('integer'),
        },
      },
    },
  }),
  { Database: { columns: ['name', 'model', 'connected', 'leader', 'cid', 'index'] } },
);

/**
 * Watches what the server says about a database. `onStatus` is called at once with the present status and at each change;
 * with undefined when the server has no _Server database (before 2.9), where there are no clusters.
 */
export function watchServerStatus(
  link: ServerLink,
  database: string,
  onStatus: (status: ServerStatus | undefined) => void,
  onBroken: (error: unknown) => void,
): void {
  const store = createRowStore(plan);
  const tell = () => {
    const rows = [...(store.tables.get('Database')?.values() ?? [])];
    const row = rows.find(one => one.name === database);
    onStatus(row === undefined ? undefined : statusOf(row));
  };
  startMonitor(link, {
    id: 'server',
    database: '_Server',
    plan,
    store,
    lastTransaction: NO_TRANSACTION,
    onSynced: tell,
    onChanges: tell,
    onRefused: () => onStatus(undefined),
    onBroken,
  });
}

/** Why a server is of no use now, or undefined where it is. `minIndex` is the highest index seen in its cluster. */
export function whyUnfit(status: ServerStatus, leaderOnly: boolean, minIndex: number): string | undefined {
  if (status.model !== 'clustered') return undefined;
  if (!status.connected) return 'this server is cut off from the majority of its cluster';
  if (leaderOnly && !status.leader) return 'this server is not the leader of its cluster';
  if (status.index !== null && status.index < minIndex) {
    return `this server is behind: log index ${status.index}, ${minIndex} was seen before`;
  }
  return undefined;
}

function statusOf(row: Row): ServerStatus {
  const index = row.index;
  const cid = row.cid;
  return {
    model: String(row.model),
    connected: row.connected === true,
    leader: row.leader === true,
    clusterId: typeof cid === 'string' ? cid : null,
    index: typeof index === 'number' ? index : null,
  };
}
