import type { Lab } from '../../lab/lab.ts';

/** A table as `ovsdb-client -f json dump` prints it. */
interface DumpedTable {
  readonly caption: string;
  readonly headings: readonly string[];
  readonly data: readonly (readonly unknown[])[];
}

// What ovs-vswitchd writes by itself at any time (ovs-vswitchd.conf.db(5)): measurements, and the state of links.
const MEASURED = new Set([
  'admin_state',
  'duplex',
  'ifindex',
  'link_resets',
  'link_speed',
  'link_state',
  'mac_in_use',
  'statistics',
  'status',
]);

/**
 * All rows of the lab's database, one line a row, sorted; without what ovs-vswitchd measures. `next_cfg` is in it: two equal dumps mean
 * that nobody asked for anything in between.
 */
export async function dumpRows(lab: Lab): Promise<string[]> {
  const argv = ['ovsdb-client', '--timeout=10', '-f', 'json', 'dump', lab.ovsdbRemote, 'Open_vSwitch'];
  const { stdout } = await lab.run(lab.hostNs, argv, { check: true });
  const tables = stdout.split('\n').filter(line => line.startsWith('{'));
  return tables
    .flatMap(line => {
      const { caption, headings, data } = JSON.parse(line) as DumpedTable;
      return data.map(row => {
        const columns = row.map((value, index) => [headings[index], value] as const);
        const kept = columns.filter(([column]) => !MEASURED.has(column ?? ''));
        return `${caption}: ${JSON.stringify(Object.fromEntries(kept))}`;
      });
    })
    .sort();
}
