import type { RunOutcome } from '../../../src/engine/run.ts';
import { captureHost, diffImages } from '../../lab/host-image.ts';
import { raiseLink } from '../../lab/topology.ts';
import { ipBatch } from '../../lab/two-ports.ts';
import { outcomesOf } from '../../live/killing/mortals.ts';
import { GUEST_DEADLINES, type Journey, thereAndBack } from './journey.ts';
import { silentAddresses } from './reach.ts';
import { type GuestLab, inSharedLab } from './shared-lab.ts';

const CHILD = 'eth0.100';
const FAR_CHILD = 'gw0.100';
const FAR = ['10.9.100.1', '2001:db8:100::1'];

/** The uplink has a VLAN child, and moves. Its sights: what does not answer in that VLAN. */
export async function vlanThereAndBack(): Promise<Journey<readonly string[]>> {
  return await withChild(guest => {
    const options = { uplink: 'eth0', bridge: 'br-ext', layout: 'bridge-port', hostPort: 'br-ext' } as const;
    return thereAndBack(guest, options, () => silentAddresses(guest.lab, guest.lab.hostNs, FAR));
  });
}

/** What came of a migration that would have to take the uplink down for its rename, and the VLAN child with it. */
export async function vlanRefused(): Promise<{
  readonly outcome: RunOutcome | undefined;
  readonly differences: readonly string[];
}> {
  return await withChild(async ({ lab, worker }) => {
    const before = await captureHost(lab);
    const mortal = await worker();
    const options = { uplink: 'eth0', bridge: 'br-ext', layout: 'host-port', deadlines: GUEST_DEADLINES } as const;
    const [outcome] = outcomesOf(await mortal.ask({ do: 'migrate', options }));
    return { outcome, differences: diffImages(before, await captureHost(lab)) };
  });
}

async function withChild<T>(work: (guest: GuestLab) => Promise<T>): Promise<T> {
  return await inSharedLab('plain', async guest => {
    const { lab } = guest;
    await ipBatch(lab.gatewayNs, [
      `link add link gw0 name ${FAR_CHILD} type vlan id 100`,
      `addr add ${FAR[0]}/24 dev ${FAR_CHILD}`,
      `addr add ${FAR[1]}/64 dev ${FAR_CHILD} nodad`,
      `link set ${FAR_CHILD} up`,
    ]);
    try {
      await ipBatch(lab.hostNs, [`link add link eth0 name ${CHILD} index 40 type vlan id 100`]);
      await raiseLink(lab.hostNs, CHILD);
      await ipBatch(lab.hostNs, [
        `addr add 10.9.100.2/24 dev ${CHILD}`,
        `addr add 2001:db8:100::2/64 dev ${CHILD} nodad`,
        `route add 203.0.113.0/24 via ${FAR[0]}`,
        `route add 2001:db8:101::/64 via ${FAR[1]}`,
      ]);
      return await work(guest);
    } finally {
      await lab.run(lab.hostNs, ['ip', 'link', 'del', CHILD]);
      await ipBatch(lab.gatewayNs, [`link del ${FAR_CHILD}`]);
    }
  });
}
