import { linkByName } from '../../../src/domain/kernel-state.ts';
import { linkPolicyFor } from '../../../src/domain/udev/link-policy.ts';
import { namingSubjectOf } from '../../../src/domain/udev/naming.ts';
import { readLinuxFacts } from '../../../src/host/linux-facts.ts';
import { removeLinkPolicy, writeLinkPolicy } from '../../../src/host/linux-link-policy.ts';
import { openNetlink } from '../../../src/netlink/index.ts';

// `write`: the policy for eth0, as the pre-check would have it; `remove PATH`. Run in the mount namespace of udev; prints what became of it as JSON.

const [what, path = ''] = process.argv.slice(2);
if (what === 'remove') {
  process.stdout.write(JSON.stringify({ path, ...(await removeLinkPolicy(path)) }));
} else {
  await using netlink = openNetlink();
  const kernel = await netlink.readKernelState();
  const uplink = linkByName(kernel, 'eth0');
  if (uplink === undefined) throw new Error('no eth0');
  const facts = await readLinuxFacts('eth0', {
    probeIngress: async () => true,
    probeKernelDatapath: async () => false,
  });
  const names = { uplink: 'eth0~', hostPort: 'eth0', datapath: 'netdev' } as const;
  const policy = linkPolicyFor(namingSubjectOf(facts, uplink), facts.linkFiles, names);
  if (policy === null) throw new Error('no policy');
  process.stdout.write(JSON.stringify({ ...policy, ...(await writeLinkPolicy(policy.path, policy.text)) }));
}
