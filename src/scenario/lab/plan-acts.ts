import type { Lab } from '../../../test/lab/lab.ts';
import type { LayoutNames } from '../../domain/layout.ts';
import type { Actor } from '../actor.ts';
import type { Act } from './act.ts';
import { changeCommand } from './change-command.ts';

/** What an actor does on the lab, and what ends it. */
export interface PlannedActor {
  readonly acts: readonly Act[];
  /** Ends it after so long, or with the scenario; null where it is done once and for all. */
  readonly remedy: { readonly afterMs: number | null; readonly run: () => Promise<unknown> } | null;
}

/** Where actors act. */
export interface ActorStage {
  readonly lab: Lab;
  readonly names: LayoutNames;
  /** Name of the uplink before the run. */
  readonly uplink: string;
  /** Arguments of `ovs-uplink confirm` for this lab. */
  readonly confirm: readonly string[];
}

/** Index of the uplink in every lab: names change. */
const UPLINK_INDEX = 10;
/** As the incidents of the exploration: of networks for documentation (RFC 5737). */
export const FOREIGN_ADDRESS = '198.51.100.77/32';
export const FOREIGN_ROUTE = '198.51.100.128/25';

/** What an actor is on the lab; why it cannot be made there otherwise. */
export function planActor(actor: Actor, stage: ActorStage): PlannedActor | { readonly reason: string } {
  const { lab, names } = stage;
  const change = changeCommand(actor, lab.ovsdbRemote);
  if (change !== undefined) return once({ kind: 'run', argv: change });
  switch (actor.kind) {
    case 'uplink.remove':
      return once(onUplink('ip link del "$uplink"'));
    case 'uplink.set-down':
      return once(onUplink('ip link set "$uplink" down'));
    case 'uplink.mtu':
      return once(onUplink(`ip link set "$uplink" mtu ${actor.mtu}`));
    case 'uplink.address.add':
      return once(onUplink(`ip addr add ${FOREIGN_ADDRESS} dev "$uplink"`));
    case 'uplink.address.remove':
      return once(
        onUplink('ip addr del "$(ip -4 -o addr show dev "$uplink" | awk \'NR == 1 { print $4 }\')" dev "$uplink"'),
      );
    case 'uplink.route.add':
      return once(onUplink(`ip route add ${FOREIGN_ROUTE} dev "$uplink" proto static`));
    case 'uplink.altname':
      return planAltname(actor.times, actor.everyMs, stage.uplink);
    case 'uplink.carrier.lose': {
      // The addresses of the gateway survive it: what is lost is the wire alone.
      const keep = `ip netns exec ${lab.gatewayNs} sysctl -qw net.ipv6.conf.gw0.keep_addr_on_down=1`;
      const down = shell(`${keep}; ip -n ${lab.gatewayNs} link set gw0 down`);
      return until(down, actor.forMs, () => inGateway(lab, ['ip', 'link', 'set', 'gw0', 'up']));
    }
    case 'gateway.silent': {
      const nft = `ip netns exec ${lab.gatewayNs} nft add`;
      const chain = "'{ type filter hook ingress device gw0 priority 0; policy drop; }'";
      const mute = shell(`${nft} table netdev silent; ${nft} chain netdev silent in ${chain}`);
      return until(mute, actor.forMs, () => inGateway(lab, ['nft', 'delete', 'table', 'netdev', 'silent']));
    }
    case 'name.take': {
      const name = names.hostPort ?? names.bridge;
      const give = () => lab.run(lab.hostNs, ['ip', 'link', 'del', name]);
      return until({ kind: 'run', argv: ['ip', 'link', 'add', name, 'type', 'dummy'] }, actor.forMs, give);
    }
    case 'host-port.remove':
      return once({ kind: 'run', argv: ['ip', 'link', 'del', names.hostPort ?? names.bridge] });
    case 'host-port.set-down':
      return once({ kind: 'run', argv: ['ip', 'link', 'set', names.hostPort ?? names.bridge, 'down'] });
    case 'ovsdb.stop':
      return until({ kind: 'signal', pid: lab.ovsdbPid() ?? 0, signal: 'SIGKILL' }, actor.forMs, () =>
        startAgain(lab.stopOvsdb, lab.startOvsdb),
      );
    case 'vswitchd.kill':
      return until({ kind: 'signal', pid: lab.vswitchdPid() ?? 0, signal: 'SIGKILL' }, actor.forMs, () =>
        startAgain(lab.stopVswitchd, () => lab.startVswitchd()),
      );
    case 'vswitchd.hang':
      return until({ kind: 'signal', pid: lab.vswitchdPid() ?? 0, signal: 'SIGSTOP' }, actor.forMs, async () =>
        lab.resumeVswitchd(),
      );
    case 'ovs.flow-restore-wait': {
      const vsctl = ['ovs-vsctl', `--db=${lab.ovsdbRemote}`, '--no-wait'];
      const set = [...vsctl, 'set', 'Open_vSwitch', '.', 'other_config:flow-restore-wait=true'];
      const unset = [...vsctl, 'remove', 'Open_vSwitch', '.', 'other_config', 'flow-restore-wait'];
      return until({ kind: 'run', argv: set }, actor.forMs, () => lab.run(lab.hostNs, unset));
    }
    case 'ovsdb.port.add': {
      const add = ['add-port', names.bridge, 'foreign0', '--', 'set', 'Interface', 'foreign0', 'type=internal'];
      return once({ kind: 'run', argv: ['ovs-vsctl', `--db=${lab.ovsdbRemote}`, '--no-wait', ...add] });
    }
    case 'abort':
      return once({ kind: 'stop', signal: 'SIGTERM' });
    case 'kill':
      return once({ kind: 'stop', signal: 'SIGKILL' });
    case 'confirm':
      return once({ kind: 'start', argv: stage.confirm });
    default:
      return { reason: `${actor.kind} cannot be made on the lab` };
  }
}

function once(act: Act): PlannedActor {
  return { acts: [act], remedy: null };
}

function until(act: Act, afterMs: number | null, run: () => Promise<unknown>): PlannedActor {
  return { acts: [act], remedy: { afterMs, run } };
}

function shell(script: string): Act {
  return { kind: 'run', argv: ['sh', '-ec', script] };
}

/** The lab must first know that its daemon is gone. */
async function startAgain(stop: (signal: NodeJS.Signals) => Promise<void>, start: () => Promise<void>): Promise<void> {
  await stop('SIGKILL');
  await start();
}

function onUplink(script: string): Act {
  return shell(`${FIND_UPLINK}; ${script}`);
}

const FIND_UPLINK = `uplink=$(ip -o link | sed -n 's/^${UPLINK_INDEX}: \\([^@:]*\\).*/\\1/p')`;

/** As udev does: only while the link has another name. The first comes at once, the others from a process of its own. */
function planAltname(times: number, everyMs: number, name: string): PlannedActor {
  const give = `${FIND_UPLINK}; [ "$uplink" = ${name} ] || ip link property add dev "$uplink" altname ${name} 2>/dev/null || true`;
  const first = shell(give);
  if (times <= 1) return once(first);
  const loop = `i=1; while [ $i -lt ${times} ]; do sleep ${everyMs / 1000}; ${give}; i=$((i + 1)); done`;
  return { acts: [first, { kind: 'start', argv: ['sh', '-c', loop] }], remedy: null };
}

function inGateway(lab: Lab, argv: readonly string[]): Promise<unknown> {
  return lab.run(lab.gatewayNs, argv);
}
