// Hands a DHCP client over in the namespace that it is started in: hand-over-process.ts CLIENTS FROM TO [MS], or without arguments lists the clients.
import type { DhcpClient } from '../../../../src/domain/owners.ts';
import { readDhcpClients } from '../../../../src/host/owners/processes/dhcp-clients.ts';
import { handOverDhcpClients } from '../../../../src/host/owners/processes/hand-over-dhcp.ts';
import { openNetlink } from '../../../../src/netlink/index.ts';

const TIMEOUT_MS = 20_000;

await using netlink = openNetlink();
const links = await netlink.links();
const [, , clients, from, to, timeoutMs] = process.argv;
const refOf = (name = '') => ({ index: links.find(link => link.name === name)?.index ?? 0, name });
const answer =
  clients === undefined
    ? await readDhcpClients(links)
    : await handOverDhcpClients(
        JSON.parse(clients) as DhcpClient[],
        { from: refOf(from), to: refOf(to) },
        { netlink },
        AbortSignal.timeout(Number(timeoutMs ?? TIMEOUT_MS)),
      );
console.log(JSON.stringify(answer));
