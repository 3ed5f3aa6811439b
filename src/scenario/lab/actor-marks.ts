import type { Actor } from '../actor.ts';
import type { HostScenario } from '../scenario.ts';
import { FOREIGN_ADDRESS, FOREIGN_ROUTE } from './plan-acts.ts';

/** Words by which a difference of two images of the host is known to be the doing of the scenario's own actors. */
export function actorMarks({ happens }: HostScenario): readonly string[] {
  return happens.flatMap(happening => ('actor' in happening ? marksOf(happening.actor) : []));
}

function marksOf(actor: Actor): readonly string[] {
  switch (actor.kind) {
    case 'uplink.address.add':
      return [withoutLength(FOREIGN_ADDRESS)];
    case 'uplink.route.add':
      return [FOREIGN_ROUTE];
    case 'uplink.mtu':
      return ['mtu'];
    case 'address.add':
    case 'address.remove':
      return [withoutLength(actor.address)];
    case 'route.add':
    case 'route.remove':
      return [destinationOf(actor.route)];
    case 'rule.add':
    case 'rule.remove':
      return actor.rule
        .split(/\s+/)
        .filter(word => /[.:]|^\d{3,}$/.test(word))
        .slice(0, 1);
    case 'altname.add':
    case 'altname.remove':
      return [`altnames`];
    case 'link.add':
      return [actor.name];
    case 'link.set':
      return [...(actor.mtu === null ? [] : ['mtu']), ...(actor.mac === null ? [] : ['address', 'fe80::'])];
    case 'sysctl.write':
      return [actor.key.split('/').at(-1) ?? actor.key];
    default:
      return [];
  }
}

function withoutLength(address: string): string {
  return address.trim().split(/[\s/]/)[0] ?? address;
}

function destinationOf(route: string): string {
  const words = route.trim().split(/\s+/);
  const [first = ''] = words;
  return ['unicast', 'blackhole', 'unreachable', 'prohibit', 'throw'].includes(first) ? (words[1] ?? first) : first;
}
