import type { RunOutcome } from '../../../src/engine/run.ts';
import { LAB_ADDRESSES } from '../../lab/lab.ts';
import { outcomesOf } from '../../live/killing/mortals.ts';
import { spawnCli } from '../../live/support/cli.ts';
import { GUEST_DEADLINES } from './journey.ts';
import { silentAddresses } from './reach.ts';
import { inSharedLab } from './shared-lab.ts';

const CLI_LIMIT_MS = 240_000;

/** What came of two migrations while ovs-vswitchd waits for its flows to be restored. */
export interface FlowRestoreResult {
  /** Of the one for which nobody ever cleared the flag. */
  readonly unanswered: RunOutcome | undefined;
  /** Bridges and the uplink's master after it. */
  readonly leftBehind: { readonly bridges: string; readonly isAttached: boolean };
  /** While the second one waited. */
  readonly whileWaiting: { readonly isAttached: boolean };
  /** Of the second one, after the flag was cleared. */
  readonly migrated: { readonly code: number; readonly result: string | undefined };
  /** Addresses that do not answer over the bridge. */
  readonly silent: readonly string[];
  readonly restored: { readonly code: number; readonly result: string | undefined };
}

/** ovs-vswitchd is started with flow-restore-wait, as after an update that saves flows. */
export async function waitForFlows(): Promise<FlowRestoreResult> {
  return await inSharedLab('plain', async ({ lab, worker }) => {
    const isAttached = async () => (await lab.hostIp('link', 'show', 'eth0')).includes(' master ');
    const cli = (...args: string[]) => spawnCli(lab, args, { timeoutMs: CLI_LIMIT_MS });
    const options = { uplink: 'eth0', bridge: 'br-ext', layout: 'bridge-port', datapath: 'system' } as const;
    const [mortal] = await Promise.all([worker(), lab.stopVswitchd()]);
    await lab.startVswitchd({ flowRestoreWait: true });
    const deadlines = { ...GUEST_DEADLINES, gateMs: 3_000 };
    const [unanswered] = outcomesOf(await mortal.ask({ do: 'migrate', options: { ...options, deadlines } }));
    const leftBehind = { bridges: await lab.vsctl('list-br'), isAttached: await isAttached() };

    const migration = cli('migrate', '-i', 'eth0', '-b', 'br-ext', '--layout', options.layout, '--datapath', 'system');
    await migration.state('gating');
    const whileWaiting = { isAttached: await isAttached() };
    await lab.vsctl('--no-wait', 'remove', 'Open_vSwitch', '.', 'other_config', 'flow-restore-wait');
    const migrated = await migration.ended;
    const silent = await silentAddresses(lab, lab.hostNs, [LAB_ADDRESSES.far4, LAB_ADDRESSES.far6]);
    const restored = await cli('restore', '-i', 'eth0').ended;
    const ended = ({ code, outcome }: typeof migrated) => ({ code, result: outcome?.result });
    return { unanswered, leftBehind, whileWaiting, migrated: ended(migrated), silent, restored: ended(restored) };
  });
}
