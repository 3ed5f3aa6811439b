import { LAB_ADDRESSES, type Lab } from '../../lab/lab.ts';
import { RICH_HOST } from '../../lab/rich-host.ts';
import { type Journey, type JourneyOptions, thereAndBack } from './journey.ts';
import { silentAddresses } from './reach.ts';
import { inSharedLab } from './shared-lab.ts';

const { gateway4, gateway6, far4, far6 } = LAB_ADDRESSES;
const { ipv4, secondIpv4, hostRouteIpv4, pointToPointIpv4, ipv6, secondIpv6, temporaryIpv6 } = RICH_HOST;
const OUT = [gateway4, gateway6, far4, far6];
const IN = [ipv4, secondIpv4, hostRouteIpv4, pointToPointIpv4, ipv6, secondIpv6, temporaryIpv6];

/** The demanding host moves and comes back. Its sights: addresses that do not answer, in either direction. */
export async function layoutThereAndBack(options: JourneyOptions): Promise<Journey<readonly string[]>> {
  return await inSharedLab('rich', async guest => {
    const { lab } = guest;
    const look = async () => [
      ...(await silentAddresses(lab, lab.hostNs, OUT)),
      ...(await silentAddresses(lab, lab.farNs, IN)),
    ];
    return await thereAndBack(guest, options, look);
  });
}

/** A link without addresses is given to the bridge and comes back. Its sights: what of the gateway a guest on the bridge does not reach. */
export async function attachThereAndBack(options: JourneyOptions): Promise<Journey<readonly string[]>> {
  return await inSharedLab('plain', async guest => {
    const { lab } = guest;
    await lab.hostIp('addr', 'flush', 'dev', options.uplink, 'scope', 'global');
    try {
      let looks = 0;
      return await thereAndBack(guest, options, async () => {
        looks += 1;
        return looks === 2 ? await unreachedByGuest(guest.lab, options.bridge) : [];
      });
    } finally {
      for (const address of ['10.9.0.2/24', '2001:db8:9::2/64']) {
        await lab.hostIp(
          'addr',
          'replace',
          address,
          'dev',
          options.uplink,
          ...(address.includes(':') ? ['nodad'] : []),
        );
      }
      await lab.hostIp('route', 'replace', 'default', 'via', gateway4);
      await lab.hostIp('-6', 'route', 'replace', 'default', 'via', gateway6);
    }
  });
}

async function unreachedByGuest(lab: Lab, bridge: string): Promise<string[]> {
  const guest = 'guest0';
  await lab.vsctl('add-port', bridge, guest, '--', 'set', 'interface', guest, 'type=internal');
  await lab.hostIp('link', 'set', guest, 'up');
  await lab.hostIp('addr', 'add', '10.9.0.77/24', 'dev', guest);
  await lab.hostIp('addr', 'add', '2001:db8:9::77/64', 'dev', guest, 'nodad');
  const silent = await silentAddresses(lab, lab.hostNs, [gateway4, gateway6]);
  await lab.vsctl('del-port', bridge, guest);
  return silent;
}
