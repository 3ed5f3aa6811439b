import { runCommand } from './command.ts';
import { compareImages } from './image-compare.ts';
import type { HostImage, Json, JsonObject } from './image-shape.ts';
import { type ImageTolerance, normaliseImage } from './image-volatile.ts';
import type { Lab } from './lab.ts';

export type { HostImage, Json, JsonObject } from './image-shape.ts';

/** What {@link captureHost} looks at. */
export interface CaptureOptions {
  /** Link whose sysctls and qdiscs are captured; default the lab's uplink. */
  readonly linkName?: string;
}

/**
 * Dumps the state of the lab's host; changes nothing. The dumps run at the same time, so nothing else may change the
 * host meanwhile. Rejects with `DEFECT` when a program fails.
 */
export async function captureHost(lab: Lab, options: CaptureOptions = {}): Promise<HostImage> {
  const netns = lab.hostNs;
  const linkName = options.linkName ?? lab.uplinkName;
  const json = async (...argv: string[]) => {
    const { stdout } = await runCommand(argv, { netns, check: true });
    return (stdout.trim() === '' ? [] : JSON.parse(stdout)) as JsonObject[];
  };
  const ip = (...args: string[]) => json('ip', '-j', ...args);
  const takenAtS = Date.now() / 1000;
  const [links, addresses, routes4, routes6, rules4, rules6, neighbours4, neighbours6, qdiscs] = await Promise.all([
    ip('-d', 'link', 'show'),
    ip('-d', 'addr', 'show'),
    ip('-4', '-d', 'route', 'show', 'table', 'all'),
    ip('-6', '-d', 'route', 'show', 'table', 'all'),
    ip('-4', 'rule', 'show'),
    ip('-6', 'rule', 'show'),
    ip('-4', 'neigh', 'show', 'nud', 'permanent'),
    ip('-6', 'neigh', 'show', 'nud', 'permanent'),
    json('tc', '-j', 'qdisc', 'show', 'dev', linkName),
  ]);
  const [sysctls, nftables, ovsRows] = await Promise.all([
    captureSysctls(netns, linkName),
    runCommand(['nft', '-s', 'list', 'ruleset'], { netns, check: true }),
    captureMarkedRows(lab),
  ]);
  const rulesetLines = nftables.stdout.split('\n').filter(line => line.trim() !== '');
  const kernel = { links, addresses, routes4, routes6, rules4, rules6, neighbours4, neighbours6, qdiscs };
  return { takenAtS, linkName, ...kernel, sysctls, nftables: rulesetLines, ovsRows };
}

/**
 * Compares two images field by field; one readable line a difference, none when they are equal. What may differ between
 * two looks at an unchanged host is left out by {@link normaliseImage}.
 */
export function diffImages(before: HostImage, after: HostImage, tolerance: ImageTolerance = {}): string[] {
  return compareImages(normaliseImage(before, tolerance), normaliseImage(after, tolerance), tolerance);
}

async function captureSysctls(netns: string, link: string): Promise<Record<string, string>> {
  const roots = ['ipv4', 'ipv6'].flatMap(family =>
    ['conf', 'neigh'].map(kind => `/proc/sys/net/${family}/${kind}/${link}`),
  );
  // Some files cannot be read (stable_secret before it is set): -s leaves them out. grep exits with 2 then.
  const { stdout } = await runCommand(['grep', '-rs', '', ...roots], { netns });
  const values: Record<string, string> = {};
  for (const line of stdout.split('\n')) {
    const match = /^\/proc\/sys\/net\/(ipv[46]\/(?:conf|neigh))\/.*?\/(\w+):(.*)$/.exec(line);
    if (match !== null) values[`${match[1]}/<link>/${match[2]}`] = match[3] ?? '';
  }
  return values;
}

/** A table as `ovsdb-client -f json dump` prints it. */
interface DumpedTable {
  readonly caption: string;
  readonly headings: readonly string[];
  readonly data: readonly (readonly Json[])[];
}

async function captureMarkedRows(lab: Lab): Promise<JsonObject[]> {
  if (lab.ovsdbPid() === null) return [];
  const argv = ['ovsdb-client', '--timeout=10', '-f', 'json', 'dump', lab.ovsdbRemote, 'Open_vSwitch'];
  const { stdout } = await lab.run(lab.hostNs, argv, { check: true });
  const tables = stdout.split('\n').filter(line => line.startsWith('{'));
  return tables.flatMap(line => {
    const table = JSON.parse(line) as DumpedTable;
    return table.data
      .map(row => Object.fromEntries(row.map((value, column) => [table.headings[column] ?? '', value])))
      .filter(isMarked)
      .map(row => ({ table: table.caption.replace(/ table$/, ''), ...row }));
  });
}

function isMarked(row: JsonObject): boolean {
  return ['external_ids', 'other_config'].some(column => JSON.stringify(row[column] ?? '').includes('"ovs-uplink:'));
}
