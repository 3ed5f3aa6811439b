import type { Layout } from '../../src/domain/layout.ts';
import { antrea } from './antrea.ts';
import { kubeOvn } from './kube-ovn.ts';
import type { Order } from './order.ts';
import { ours } from './ours.ts';
import { ovnKubernetes } from './ovn-kubernetes.ts';
import { shell } from './shell.ts';

/** One line of the comparison. */
export interface Contestant {
  readonly name: string;
  readonly order: Order;
  readonly layout: Layout;
  /** Ours has a goal to keep; the others are there to be compared with. */
  readonly isOurs: boolean;
}

/** Everything that is compared. */
export const CONTESTANTS: readonly Contestant[] = [
  { name: 'ovs-uplink, host-port', order: ours, layout: 'host-port', isOurs: true },
  { name: 'ovs-uplink, bridge-port', order: ours, layout: 'bridge-port', isOurs: true },
  { name: 'ovs-uplink, exchange-names', order: ours, layout: 'exchange-names', isOurs: true },
  { name: 'our order as a shell script', order: shell, layout: 'host-port', isOurs: false },
  { name: "Antrea's order", order: antrea, layout: 'host-port', isOurs: false },
  { name: "Kube-OVN's order", order: kubeOvn, layout: 'bridge-port', isOurs: false },
  { name: "OVN-Kubernetes' order", order: ovnKubernetes, layout: 'bridge-port', isOurs: false },
];

/** The contestant of that name. Throws where there is none. */
export function contestantNamed(name: string): Contestant {
  const found = CONTESTANTS.find(each => each.name === name);
  if (found === undefined) throw new Error(`no contestant called ${name}`);
  return found;
}
