import type { HostDescription } from '../../../src/host/simulated/description/host-description.ts';
import { loadHost } from '../../../src/host/simulated/description/load-host.ts';
import type { Ground } from '../../../src/verify/explore/enumerate.ts';
import { undisturbedCases } from '../../../src/verify/explore/enumerate.ts';
import type { ExploreCase } from '../../../src/verify/explore/explore-case.ts';
import { runCase } from '../../../src/verify/explore/run-case.ts';
import { readShippedHosts } from '../../../src/verify/explore/shipped-hosts.ts';

/** Description files of these hosts, as `explore` takes them. */
export async function sourcesOf(...names: readonly string[]) {
  const sources = await readShippedHosts();
  return sources.filter(({ file }) => names.some(name => file.endsWith(`/${name}.yaml`)));
}

/** One host that comes with ovs-uplink. */
export async function shippedHost(name: string): Promise<HostDescription> {
  const [source] = await sourcesOf(name);
  if (source === undefined) throw new RangeError(`no host ${name}`);
  return loadHost(source.text, source.file);
}

/** Nothing in the way on the plain host. */
export const PLAIN: ExploreCase = { host: 'plain', layout: 'host-port', course: 'migrate', faults: [], incidents: [] };

/** What an undisturbed case of a host leaves to disturb. */
export async function groundOf(host: HostDescription, planned: Partial<ExploreCase> = {}): Promise<Ground> {
  const first = undisturbedCases(host)[0]!;
  const { layout, course } = { ...first, ...planned };
  const undisturbed = { ...first, layout, course };
  const { operations, states } = await runCase(host, undisturbed);
  return { undisturbed, operations, states };
}
