import { formatAddress } from './address.ts';
import type { Bond } from './bond.ts';
import type { Effect } from './effect.ts';
import type { PortVlan } from './port-spec.ts';
import { formatVlan } from './port-spec.ts';
import { formatRoute } from './route.ts';
import type { Rule } from './rule.ts';

/** One line for people: "add address 10.9.0.2/24 to eth0". `nameOf` turns an ifindex into a link's name. */
export function describeEffect(effect: Effect, nameOf: (linkIndex: number) => string): string {
  switch (effect.op) {
    case 'link.rename':
      return `rename ${effect.link.name} to ${effect.to}`;
    case 'link.set':
      return `set ${effect.link.name} ${describeChange(effect)}`;
    case 'link.move':
      return `move ${effect.link.name} to ${effect.to}${effect.name === null ? '' : ` as ${effect.name}`}`;
    case 'link.delete':
      return `delete link ${effect.link.name}`;
    case 'altname.add':
      return `add altname ${effect.altname} to ${effect.link.name}`;
    case 'altname.remove':
      return `remove altname ${effect.altname} from ${effect.link.name}`;
    case 'sysctl.write':
      return `set net/${effect.key.replace('{link}', effect.link.name)} to ${effect.value}`;
    case 'address.add':
      return `add address ${formatAddress(effect.address)} to ${nameOf(effect.address.linkIndex)}`;
    case 'address.replace':
      return `settle address ${formatAddress(effect.address)} on ${nameOf(effect.address.linkIndex)}`;
    case 'address.remove':
      return `remove address ${formatAddress(effect.address)} from ${nameOf(effect.address.linkIndex)}`;
    case 'route.add':
    case 'route.append':
    case 'route.prepend':
    case 'route.replace':
    case 'route.remove': {
      const { route } = effect;
      const links = route.nexthops.flatMap(hop => (hop.linkIndex === null ? [] : [nameOf(hop.linkIndex)]));
      return `${effect.op.slice('route.'.length)} route ${formatRoute(route)}${links.length > 0 ? ` dev ${links.join(', ')}` : ''}`;
    }
    case 'rule.add':
      return `add rule ${formatRule(effect.rule)}`;
    case 'rule.remove':
      return `remove rule ${formatRule(effect.rule)}`;
    case 'neighbour.set':
      return `set neighbour ${effect.neighbour.address} ${effect.neighbour.mac ?? ''} on ${nameOf(effect.neighbour.linkIndex)}`;
    case 'neighbour.remove':
      return `remove neighbour ${effect.neighbour.address} from ${nameOf(effect.neighbour.linkIndex)}`;
    case 'ingress.mute':
      return `keep the kernel from answering on ${effect.link.name}`;
    case 'ingress.unmute':
      return `let the kernel answer on ${effect.link.name} again`;
    case 'ingress.hand-over':
      return `let the kernel answer on ${effect.from.name}, and no longer on ${effect.to.name}`;
    case 'owner.shield':
      return `ask ${effect.owner} to leave ${effect.link.name} and ${effect.hostPort ?? effect.bridge} alone`;
    case 'owner.release':
      return `ask ${effect.owner} to let go of ${effect.link.name}`;
    case 'owner.return':
      return `give ${effect.link.name} back to ${effect.owner}`;
    case 'dhcp.hand-over':
      return `let ${effect.client.program} go on with ${effect.to.name} in place of ${effect.from.name}`;
    case 'dns.set':
      return `set the DNS servers of ${effect.link.name} to ${effect.dns.servers.join(', ')}`;
    case 'link-policy.write':
      return `write ${effect.path} for udev`;
    case 'link-policy.remove':
      return `remove ${effect.path}`;
    case 'announce':
      return `announce ${effect.addresses.join(', ')} on ${effect.link.name}`;
    case 'ovs.host-port.create': {
      const { hostPort } = effect;
      const kind = hostPort?.local === true ? 'local' : 'internal';
      const vlan = inBrackets(hostPort?.vlan);
      const port =
        hostPort === null || (hostPort.local && vlan === '') ? '' : ` with ${kind} port ${hostPort.name}${vlan}`;
      return effect.bridge.create
        ? `create bridge ${effect.bridge.name} (${effect.bridge.datapathType})${port}`
        : `use bridge ${effect.bridge.name}${port}`;
    }
    case 'ovs.uplink.attach':
      return `attach ${listBond(effect.port, effect.bond)} to bridge ${effect.rows.bridge}${inBrackets(effect.vlan)}`;
    case 'ovs.port.configure':
      return `set the VLANs of port ${effect.port}${inBrackets(effect.vlan) || ' to all'}`;
    case 'ovs.uplink.detach':
      return `detach the uplink from bridge ${effect.rows.bridge}`;
    case 'ovs.rows.remove':
      return `remove our rows from OVSDB (bridge ${effect.rows.bridge})`;
    case 'ovs.flow-restore-wait.clear':
      return 'clear flow-restore-wait';
    case 'vport.delete':
      return `take ${effect.port} out of the kernel datapath`;
  }
}

/** `eth0~`; `eth0~, eth1 as bond (active-backup)` */
function listBond(port: string, bond: Bond | undefined): string {
  return bond === undefined ? port : `${[port, ...bond.members].join(', ')} as bond (${bond.mode})`;
}

/** ` (tag 100)`; empty where nothing is said. */
function inBrackets(vlan: PortVlan | undefined): string {
  const text = formatVlan(vlan);
  return text === '' ? '' : ` (${text})`;
}

function describeChange(effect: Extract<Effect, { op: 'link.set' }>): string {
  const parts: string[] = [];
  if (effect.mtu !== undefined) parts.push(`mtu ${effect.mtu}`);
  if (effect.mac !== undefined) parts.push(`address ${effect.mac}`);
  if (effect.alias !== undefined) parts.push(`alias "${effect.alias}"`);
  if (effect.group !== undefined) parts.push(`group ${effect.group}`);
  if (effect.txQueueLength !== undefined) parts.push(`txqueuelen ${effect.txQueueLength}`);
  if (effect.promiscuous !== undefined) parts.push(`promisc ${effect.promiscuous ? 'on' : 'off'}`);
  if (effect.up !== undefined) parts.push(effect.up ? 'up' : 'down');
  return parts.join(' ');
}

function formatRule(rule: Rule): string {
  const parts = [`priority ${rule.priority}`];
  if (rule.from !== null) parts.push(`from ${rule.from}`);
  if (rule.to !== null) parts.push(`to ${rule.to}`);
  if (rule.iif !== null) parts.push(`iif ${rule.iif}`);
  if (rule.oif !== null) parts.push(`oif ${rule.oif}`);
  if (rule.fwmark !== null) parts.push(`fwmark ${rule.fwmark}`);
  return `${parts.join(' ')} lookup ${rule.table}`;
}
