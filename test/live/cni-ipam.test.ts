import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { startUdpProbe } from '../lab/probe.ts';
import { writeSysctls } from '../lab/topology.ts';
import { ipBatch } from '../lab/two-ports.ts';
import { addressFarEnd, call, confOf, FAR_END, hostLocal, missingPlugins, PLUGIN, THEIR_FOLDER } from './cni/plugin.ts';
import { makeNic, NIC } from './moving/nic.ts';

const DONE = { code: 0, text: '' };
const THEIRS = join(THEIR_FOLDER, 'host-device');
// Debian's plugins are of 2022: they speak 1.0.0 at most.
const cniVersion = '1.0.0';

describeLive(
  'the CNI plugin with the host-local of others',
  () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await createLab({ name: 'ipam' });
    });
    afterAll(() => lab[Symbol.asyncDispose]());

    const conf = () => confOf(lab, { cniVersion, ipam: hostLocal(lab) });
    const reserved = async () => {
      const names = await readdir(join(lab.dir, 'ipam/lan'));
      return names.filter(name => /^[0-9a-f]+[.:]/.test(name)).toSorted();
    };
    const inContainer = async (...args: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> =>
      JSON.parse((await lab.run(lab.farNs, ['ip', '-j', ...args], { check: true })).stdout);
    const freeAll = () => rm(join(lab.dir, 'ipam'), { recursive: true });

    it('the addresses of both families can be used when ADD returns, also where IPv6 was off', async () => {
      await using nic = await makeNic(lab);
      await addressFarEnd(lab);
      const forNewLinks = 'net/ipv6/conf/default/disable_ipv6';
      await writeSysctls(lab.farNs, { [forNewLinks]: '1' });
      const added = await call(lab, 'ADD', conf());
      const { stdout } = await lab.run(lab.farNs, ['ip', '-br', 'addr', 'show', 'net1']);
      const tentative = await lab.run(lab.farNs, ['ip', '-6', 'addr', 'show', 'net1', 'scope', 'global', 'tentative']);
      await writeSysctls(lab.farNs, { [forNewLinks]: '0' });
      expect(added.json).toMatchObject({
        ips: [
          { interface: 0, address: '10.77.0.2/24', gateway: FAR_END.ip4 },
          { interface: 0, address: 'fd77::2/64', gateway: FAR_END.ip6 },
        ],
        routes: [{ dst: '10.88.0.0/16' }, { dst: '10.89.0.0/16', gw: '10.77.0.9' }, { dst: 'fd88::/48' }],
      });
      expect(stdout).toMatch(/10\.77\.0\.2\/24 fd77::2\/64/);
      expect(tentative.stdout).toBe('');
      await using probe = await startUdpProbe(lab, {
        clientNs: lab.gatewayNs,
        serverNs: lab.farNs,
        targets: ['10.77.0.2', 'fd77::2'],
      });
      await probe.progress(10);

      expect(await call(lab, 'CHECK', { ...conf(), prevResult: added.json })).toMatchObject(DONE);
      await ipBatch(lab.farNs, ['addr del 10.77.0.2/24 dev net1']);
      expect((await call(lab, 'CHECK', { ...conf(), prevResult: added.json })).json).toMatchObject({
        code: 106,
        details: expect.stringContaining('10.77.0.2/24'),
      });
      expect(await reserved()).toEqual(['10.77.0.2', 'fd77::2']);
      expect(await call(lab, 'DEL', conf())).toMatchObject(DONE);
      expect(await reserved()).toEqual([]);
      expect(await nic.changes()).toEqual([]);
      await freeAll();
    });

    it('an address that another host has is found, and all is given back', async () => {
      await using nic = await makeNic(lab);
      await addressFarEnd(lab);
      await ipBatch(lab.gatewayNs, ['addr add fd77::2/64 dev gw5 nodad']);
      const { code, json } = await call(lab, 'ADD', conf());
      expect({ code, json }).toMatchObject({
        code: 1,
        json: { code: 105, msg: expect.stringContaining('fd77::2/64'), details: expect.stringContaining('answered') },
      });
      expect(await reserved()).toEqual([]);
      expect(await nic.changes()).toEqual([]);
      await freeAll();
    });

    it('a gateway that no address leads to is what the kernel says it is, and all is given back', async () => {
      await using nic = await makeNic(lab);
      const routes = [{ dst: '10.99.0.0/16', gw: '192.0.2.1' }];
      const { json } = await call(lab, 'ADD', confOf(lab, { cniVersion, ipam: { ...hostLocal(lab), routes } }));
      expect(json).toMatchObject({ code: 105, msg: expect.stringContaining('10.99.0.0/16 via 192.0.2.1') });
      expect(await reserved()).toEqual([]);
      expect(await nic.changes()).toEqual([]);
      await freeAll();
    });

    describe('beside the host-device of containernetworking', () => {
      /** What a container sees, without what is of one link or one run. */
      const seen = async (result: unknown) => {
        const [link] = await inContainer('addr', 'show', 'net1');
        const { mtu, txqlen, operstate, altnames, addr_info: addresses } = link ?? {};
        const known = (addresses as readonly { scope: string }[]).filter(({ scope }) => scope === 'global');
        const routes = [await inContainer('route'), await inContainer('-6', 'route')];
        const { dns: _empty, ...said } = result as Readonly<Record<string, unknown>>;
        return { said, mtu, txqlen, operstate, altnames, known, routes };
      };
      const withoutMac = (result: unknown) =>
        JSON.parse(JSON.stringify(result, (key, value) => (key === 'mac' ? undefined : value)));
      const run = async (program: string) => {
        await using nic = await makeNic(lab);
        await addressFarEnd(lab);
        // With default routes, though the container has some already.
        const { routes = [], ...rest } = hostLocal(lab) as { routes?: object[] };
        const ipam = { ...rest, routes: [...routes, { dst: '0.0.0.0/0' }, { dst: '::/0' }] };
        const same = confOf(lab, { cniVersion, ipam });
        const added = await call(lab, 'ADD', same, {}, program);
        const there = await seen(withoutMac(added.json));
        const exits = [added.code];
        await ipBatch(lab.farNs, ['link set net1 mtu 1300', 'link property del dev net1 altname enp5s0']);
        exits.push((await call(lab, 'DEL', same, {}, program)).code);
        const lost = await nic.changes();
        exits.push((await call(lab, 'DEL', same, {}, program)).code);
        // Renamed inside.
        await lab.hostIp('link', 'set', NIC, 'up');
        exits.push((await call(lab, 'ADD', same, {}, program)).code);
        await ipBatch(lab.farNs, ['link set net1 down', 'link set net1 name inside']);
        exits.push((await call(lab, 'DEL', same, {}, program)).code);
        await lab.run(lab.farNs, ['ip', 'link', 'del', 'inside']);
        await freeAll();
        return { there, lost, exits };
      };

      it('the same configuration gives the container the same, and only ours gives the host back what it had', async () => {
        const theirs = await run(THEIRS);
        const ours = await run(PLUGIN);
        expect(ours.there).toEqual(theirs.there);
        expect(ours.there).toMatchObject({
          said: { interfaces: [{ name: 'net1' }], ips: [{ interface: 0 }, { interface: 0 }] },
          operstate: 'UP',
        });

        expect(ours.lost).toEqual([]);
        // `route local …`, `address on …`: by kind, each once.
        const kinds = theirs.lost.map(line => line.replace(/^(link \S+: \w+|sysctl: \S+|\w+).*$/, '$1'));
        expect([...new Set(kinds)].toSorted()).toEqual([
          'address',
          `link ${NIC}: altnames`,
          `link ${NIC}: flags`,
          `link ${NIC}: ifalias`,
          `link ${NIC}: mtu`,
          `link ${NIC}: operstate`,
          `link ${NIC}: qdisc`,
          'neighbour',
          'qdisc',
          'route',
          'sysctl: ipv4/conf/<link>/arp_ignore:',
          'sysctl: ipv6/conf/<link>/mtu:',
        ]);
        // ADD, DEL, DEL again, ADD, DEL of a link that the container has renamed.
        expect(ours.exits).toEqual([0, 0, 0, 0, 0]);
        expect(theirs.exits).toEqual([0, 0, 1, 0, 1]);
      });
    });
  },
  missingPlugins(['host-local', 'host-device']),
);
