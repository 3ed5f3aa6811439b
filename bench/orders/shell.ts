import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { MarkMoment, Order, OrderInput } from './order.ts';

/**
 * Our order (layout host-port) and its way back as a shell script does them: `ip`, `nft` and `ovs-vsctl` processes, one after
 * another. What it needs to know of the host is written into it.
 */
export const shell: Order = {
  prepareThere: async input => leg(input, there(input)),
  prepareBack: async input => leg(input, back(input)),
};

function leg({ ovsdb }: OrderInput, script: string) {
  return {
    go: (mark: MarkMoment) => run(script, ovsdb, mark),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function run(script: string, ovsdb: string, mark: MarkMoment): Promise<void> {
  const head = `set -e\nvsctl() { ovs-vsctl --db=${ovsdb} "$@"; }\n`;
  const child = spawn('bash', ['-c', head + script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the script ended with ${code}: ${stderr}`);
  mark('script ended');
}

const there = ({ uplink: name, bridge }: OrderInput): string => {
  const mac = networkInterfaces()[name]?.[0]?.mac ?? '';
  return `
ip link set ${name} name ${name}~
vsctl add-br ${bridge} -- set bridge ${bridge} datapath_type=netdev -- add-port ${bridge} ${name} \
  -- set interface ${name} type=internal 'mac="${mac}"'
echo 2 >/proc/sys/net/ipv4/conf/${name}/rp_filter
ip link set ${name} up
ip -batch - <<END
addr add 10.9.0.2/24 dev ${name} noprefixroute
addr add 2001:db8:9::2/64 dev ${name} nodad noprefixroute
END
vsctl add-port ${bridge} ${name}~
nft add table netdev bench '{ chain uplink { type filter hook ingress device "${name}~" priority 0; policy drop; }; }'
${routes(name)}
ip -batch - <<END
addr del 10.9.0.2/24 dev ${name}~
addr del 2001:db8:9::2/64 dev ${name}~
END
`;
};

const back = ({ uplink: name, bridge }: OrderInput): string => `
ip -batch - <<END
addr add 10.9.0.2/24 dev ${name}~ noprefixroute
addr add 2001:db8:9::2/64 dev ${name}~ nodad noprefixroute
END
nft delete table netdev bench
${routes(`${name}~`)}
vsctl del-port ${bridge} ${name}~
ip -batch - <<END
addr del 10.9.0.2/24 dev ${name}
addr del 2001:db8:9::2/64 dev ${name}
END
vsctl del-br ${bridge}
ip link set ${name}~ name ${name}
`;

const routes = (link: string): string => `ip -4 -batch - <<END
route replace 10.9.0.0/24 dev ${link} src 10.9.0.2 proto kernel scope link
route replace default via 10.9.0.1 dev ${link}
END
ip -6 -batch - <<END
route replace 2001:db8:9::/64 dev ${link} proto kernel metric 256
route replace default via 2001:db8:9::1 dev ${link}
END`;
