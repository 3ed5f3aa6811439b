import { createJournalStore } from '../../engine/journal/store.ts';
import { toFailure } from '../../errors.ts';
import { createLinuxHost } from '../../host/linux-host.ts';
import type { ViewedHost } from '../host/host-view.ts';

// A program of its own, run in the host's namespace: reads the host with the clients of the engine and prints it as JSON.
// Arguments: OVSDB remote, state folder, uplink, and the links whose sysctls somebody looks at.

/** Longer than any ovsdb-server of a lab takes to listen. */
const OVS_LIMIT_MS = 5_000;

const [ovsdb = '', stateDir = '', uplink = '', ...links] = process.argv.slice(2);

async function readHost(): Promise<ViewedHost> {
  await using host = createLinuxHost({ ovsdb });
  const kernel = await host.readKernel({ routes: true });
  const there = links.filter(name => kernel.links.some(link => link.name === name));
  const sysctls = await Promise.all(there.map(async name => [name, await host.readSysctls(name)] as const));
  // Without Open vSwitch the rest of the view is as good.
  const ovs = await host.connectOvs(AbortSignal.timeout(OVS_LIMIT_MS)).catch(() => undefined);
  const muted = await host.mutedLinks().catch(() => []);
  const journal = await createJournalStore(stateDir).read(uplink);
  return { kernel, muted, ovs, sysctls: Object.fromEntries(sysctls), journal: journal?.stage ?? null };
}

try {
  process.stdout.write(JSON.stringify(await readHost()));
} catch (error) {
  process.stderr.write(JSON.stringify(toFailure(error)));
  process.exitCode = 1;
}
