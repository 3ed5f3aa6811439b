import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { networkManagerNeeds, startNetworkManager } from '../lab/network-manager.ts';
import { STATIC_PROFILE } from '../lab/network-manager-profile.ts';
import { writeSysctls } from '../lab/topology.ts';
import { ipBatch } from '../lab/two-ports.ts';
import { watchKernel } from '../lab/watch.ts';
import { namesIn, statesIn } from './moving/link-lines.ts';
import { runCli } from './support/cli.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

const NIC = 'eth5';

/** Names as a distribution gives them: udev adds altnames to every link that comes. */
const LINK_FILES = {
  '10-lab.link': `[Match]\nOriginalName=${NIC}\n[Link]\nNamePolicy=keep\nAlternativeName=enp5s0\n`,
};

const PROFILE = `[connection]
id=nic
uuid=7f6f4a38-63a2-4d35-8e0a-6d1f9d1d5a55
type=ethernet
interface-name=${NIC}
[ipv4]
method=manual
address1=10.55.0.1/24
[ipv6]
method=manual
address1=fd55::1/64
`;

describeLive(
  'a NIC that udev and NetworkManager look after',
  () => {
    it('goes with two events and comes home with its own name only, and NetworkManager has it again', async () => {
      await using lab = await createLab({ name: 'movm' });
      const withoutDad = { 'net/ipv6/conf/default/accept_dad': '0', 'net/ipv6/conf/eth0/accept_dad': '0' };
      await writeSysctls(lab.hostNs, withoutDad);
      await ipBatch(lab.gatewayNs, [`link add gw5 type veth peer name ${NIC} netns ${lab.hostNs}`, 'link set gw5 up']);
      await using manager = await startNetworkManager(lab, {
        profiles: { 'uplink.nmconnection': STATIC_PROFILE, 'nic.nmconnection': PROFILE },
        linkFiles: LINK_FILES,
      });
      const states = async (): Promise<string> => await manager.nmcli('-t', '-f', 'DEVICE,STATE,CONNECTION', 'device');
      expect(await states()).toContain(`${NIC}:connected:nic`);
      const before = await captureTimed(lab, { linkName: NIC });
      await using watch = await watchKernel(lab.hostNs, ['link']);

      const netns = await namespaceOf(lab);
      const there = await runCli(manager.host, ['move-link', '-i', NIC, '--netns', netns, '--name', 'net1']);
      expect(there.code, there.stdout + there.stderr).toBe(0);
      // NetworkManager answers when it has handled what came before.
      expect(await states()).not.toContain(NIC);
      expect(statesIn(watch.lines, [NIC, 'net1'])).toEqual([`${NIC} DOWN`, `Deleted ${NIC}`]);

      const seen = watch.lines.length;
      const back = await runCli(manager.host, ['return-link', '-i', NIC]);
      expect(back.code, back.stdout + back.stderr).toBe(0);
      await manager.nmcli('--wait', '20', 'device', 'connect', NIC);
      expect(await states()).toContain(`${NIC}:connected:nic`);
      expect(namesIn(watch.lines.slice(seen))).toEqual([NIC]);
      expect(diffTimed(before, await captureTimed(lab, { linkName: NIC }))).toEqual([]);

      // Beside it, step by step under a temporary name, as others do: everybody at home sees that name, and a link that comes back under another.
      const known = watch.lines.length;
      for (const args of [
        ['set', NIC, 'down'],
        ['set', NIC, 'name', 'tmp5'],
        ['set', 'tmp5', 'netns', lab.farNs],
      ]) {
        await lab.hostIp('link', ...args);
      }
      await ipBatch(lab.farNs, ['link set tmp5 name net1', `link set net1 netns ${lab.hostNs}`]);
      await lab.hostIp('link', 'set', 'net1', 'name', NIC);
      expect(statesIn(watch.lines.slice(known), ['tmp5'])).toContain('Deleted tmp5');
      expect(namesIn(watch.lines.slice(known))).toEqual(expect.arrayContaining([NIC, 'tmp5', 'net1']));
    });
  },
  networkManagerNeeds(),
);

/** A path by which the far namespace is seen also where /run is another one. */
async function namespaceOf(lab: Lab): Promise<string> {
  const holder = lab.spawn(lab.farNs, ['sh', '-c', 'echo ready; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(holder.stdout!, 'data');
  return `/proc/${holder.pid}/ns/net`;
}
