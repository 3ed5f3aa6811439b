import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { dhcpNeeds, type LabDhcpClient, startDhclient, startDhcpcd, startDhcpServer, startUdhcpc } from './dhcp.ts';
import { createLab, type Lab } from './lab.ts';
import { describeLive } from './live.ts';

const CLIENTS: Readonly<Record<string, (lab: Lab) => Promise<Pick<LabDhcpClient, 'scriptCalls'>>>> = {
  dhclient: startDhclient,
  udhcpc: startUdhcpc,
  dhcpcd: startDhcpcd,
};

for (const name of ['dhclient', 'udhcpc', 'dhcpcd'] as const) {
  describeLive(
    `${name} in a lab`,
    () => {
      it('gets its address and default route from a real server, and leaves the files of the machine alone', async () => {
        const before = await readFile('/etc/resolv.conf', 'utf8');
        await using lab = await createLab({ name, ovs: 'none' });
        await using server = await startDhcpServer(lab);
        const client = await CLIENTS[name]!(lab);
        const said = server.lines.map(line => line.message);
        expect(said).toEqual(['DHCPDISCOVER', 'DHCPOFFER', 'DHCPREQUEST', 'DHCPACK']);
        expect(await lab.hostIp('-4', 'addr', 'show', 'dev', 'eth0')).toMatch(/inet 10\.9\.0\.5\d\/24 /);
        expect(await lab.hostIp('route', 'show', 'default')).toMatch(/^default via 10\.9\.0\.1 dev eth0/);
        expect(await client.scriptCalls()).toContainEqual(expect.stringMatching(/^bound eth0$/i));
        expect(await readFile('/etc/resolv.conf', 'utf8')).toBe(before);
      });
    },
    dhcpNeeds(name),
  );
}
