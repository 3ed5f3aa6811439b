import type { Actor } from '../actor.ts';

/** The command that makes a change in the host's namespace; undefined for what is no change of one object. */
export function changeCommand(actor: Actor, ovsdb: string): readonly string[] | undefined {
  switch (actor.kind) {
    case 'altname.add':
    case 'altname.remove': {
      const verb = actor.kind === 'altname.add' ? 'add' : 'del';
      return ['ip', 'link', 'property', verb, 'dev', actor.link, 'altname', actor.altname];
    }
    case 'link.add':
      return [
        'ip',
        'link',
        'add',
        ...(actor.on === null ? [] : ['link', actor.on]),
        'name',
        actor.name,
        'type',
        actor.linkKind,
      ];
    case 'link.remove':
      return ['ip', 'link', 'del', 'dev', actor.link];
    case 'link.rename':
      return ['ip', 'link', 'set', 'dev', actor.link, 'name', actor.to];
    case 'link.set':
      return [
        ...['ip', 'link', 'set', 'dev', actor.link],
        ...(actor.up === null ? [] : [actor.up ? 'up' : 'down']),
        ...(actor.mtu === null ? [] : ['mtu', `${actor.mtu}`]),
        ...(actor.mac === null ? [] : ['address', actor.mac]),
      ];
    case 'address.add':
    case 'address.remove':
      return ['ip', 'addr', verbOf(actor.kind), ...wordsOf(actor.address), 'dev', actor.link];
    case 'route.add':
    case 'route.remove':
      return ['ip', familyOf(actor.route), 'route', verbOf(actor.kind), ...wordsOf(actor.route)];
    case 'rule.add':
    case 'rule.remove':
      return [
        'ip',
        familyOf(actor.rule),
        'rule',
        verbOf(actor.kind),
        ...wordsOf(actor.rule).filter(word => word !== '-4' && word !== '-6'),
      ];
    case 'sysctl.write': {
      // `ipv4/conf/rp_filter` of a link is net/ipv4/conf/LINK/rp_filter.
      const at = actor.key.lastIndexOf('/');
      const path = `/proc/sys/net/${actor.key.slice(0, at)}/${actor.link}/${actor.key.slice(at + 1)}`;
      return ['sh', '-c', 'printf "%s\\n" "$1" > "$2"', 'sh', actor.value, path];
    }
    case 'ovsdb.port.remove':
      return ['ovs-vsctl', `--db=${ovsdb}`, '--no-wait', 'del-port', actor.port];
    case 'ovsdb.bridge.remove':
      return ['ovs-vsctl', `--db=${ovsdb}`, '--no-wait', 'del-br', actor.bridge];
    default:
      return undefined;
  }
}

function verbOf(kind: string): string {
  return kind.endsWith('.add') ? 'add' : 'del';
}

function wordsOf(line: string): readonly string[] {
  return line.trim().split(/\s+/);
}

function familyOf(line: string): '-4' | '-6' {
  // A MAC has colons, too, but routes and rules name none; `default dev eth0` alone is IPv4, as for `ip`.
  return /(^|\s)-6\s|:/.test(line) ? '-6' : '-4';
}
