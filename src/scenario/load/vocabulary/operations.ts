import type { Effect } from '../../../domain/effect.ts';
import { JOURNAL_STAGES } from '../../../engine/journal/record.ts';

/** As a record, so that the compiler finds an effect that is missing here. */
const EFFECTS: Readonly<Record<Effect['op'], true>> = {
  'link.rename': true,
  'link.set': true,
  'link.move': true,
  'link.delete': true,
  'altname.add': true,
  'altname.remove': true,
  'sysctl.write': true,
  'address.add': true,
  'address.replace': true,
  'address.remove': true,
  'route.add': true,
  'route.append': true,
  'route.prepend': true,
  'route.replace': true,
  'route.remove': true,
  'rule.add': true,
  'rule.remove': true,
  'neighbour.set': true,
  'neighbour.remove': true,
  'ingress.mute': true,
  'ingress.unmute': true,
  'ingress.hand-over': true,
  'owner.shield': true,
  'owner.release': true,
  'owner.return': true,
  'dhcp.hand-over': true,
  'dns.set': true,
  'link-policy.write': true,
  'link-policy.remove': true,
  announce: true,
  'ovs.host-port.create': true,
  'ovs.uplink.attach': true,
  'ovs.port.configure': true,
  'ovs.uplink.detach': true,
  'ovs.rows.remove': true,
  'ovs.flow-restore-wait.clear': true,
  'vport.delete': true,
};

/** Changes that the engine makes to a host. */
export const EFFECT_OPERATIONS: readonly string[] = Object.keys(EFFECTS);

/** Every operation of a run, by the name that a {@link SimulatedProcess} gets. */
export const OPERATIONS: readonly string[] = [
  ...EFFECT_OPERATIONS,
  ...JOURNAL_STAGES.map(stage => `journal.write ${stage}`),
  'journal.remove',
  'guard.arm',
  'guard.disarm',
  'facts.read',
  'kernel.read',
  'sysctls.read',
  'muted.read',
  'owners.read',
  'ovs.connect',
  'ovs.bump',
  'ovs.rows.read',
  'ovs.lock',
  'vswitchd.check',
  'vswitchd.features',
  'probe gateway',
];
