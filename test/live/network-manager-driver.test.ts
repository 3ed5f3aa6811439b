import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { type LabNetworkManager, networkManagerNeeds, startNetworkManager } from '../lab/network-manager.ts';
import { startAsker } from '../lab/network-manager-asker.ts';
import { STATIC_PROFILE, STATIC_PROFILE_UUID } from '../lab/network-manager-profile.ts';
import { startUdpProbe } from '../lab/probe.ts';
import { writeSysctls } from '../lab/topology.ts';
import { watchKernel } from '../lab/watch.ts';

const PROFILES = { 'uplink.nmconnection': STATIC_PROFILE };
/** The limit of the bus and of a reading, where it is tested. */
const LIMIT_MS = 200;
const DONE = { result: null };

/** A lab in which addresses are there for good at once. */
async function labWithoutDad(): Promise<Lab> {
  const lab = await createLab({ name: 'nm', ovs: 'none' });
  await writeSysctls(lab.hostNs, { 'net/ipv6/conf/eth0/accept_dad': '0' });
  return lab;
}

/** Addresses and routes as people see them. */
async function show(lab: Lab): Promise<string> {
  const shown = [lab.hostIp('-brief', 'addr', 'show', 'eth0'), lab.hostIp('route'), lab.hostIp('-6', 'route')];
  return (await Promise.all(shown)).join('\n');
}

/** What programs on the host ask for names. */
async function nameServers(manager: LabNetworkManager): Promise<string[]> {
  const text = await readFile(`${manager.root}/etc/resolv.conf`, 'utf8');
  return [...text.matchAll(/^nameserver (.*)$/gm)].map(([, server]) => server!);
}

describeLive(
  'asking NetworkManager',
  () => {
    it('reads the profile; letting go changes nothing in the kernel and outlives a restart of NetworkManager', async () => {
      await using lab = await labWithoutDad();
      await using manager = await startNetworkManager(lab, { profiles: PROFILES });
      await using asker = startAsker(manager);
      expect(await asker.read()).toMatchObject({
        state: 'running',
        version: expect.stringMatching(/^1\./) as string,
        prepared: 'no',
        uplink: {
          managed: true,
          state: 100,
          connection: {
            id: 'uplink',
            uuid: STATIC_PROFILE_UUID,
            method4: 'manual',
            method6: 'manual',
            external: false,
          },
        },
      });
      await using watch = await watchKernel(lab.hostNs, ['link', 'address', 'route']);
      const known = watch.lines.length;
      const before = await show(lab);
      expect(await asker.ask('watch')).toMatchObject(DONE);
      expect(await asker.ask('shield')).toMatchObject(DONE);
      await asker.told(1);
      expect(await asker.read()).toMatchObject({ prepared: 'shielded', uplink: { managed: false, connection: null } });
      await manager.stop();
      await asker.told(2);
      await manager.start();
      await asker.told(3);
      // What it does not remember it need not forget.
      expect(await asker.read()).toMatchObject({ prepared: 'released', uplink: { managed: false, connection: null } });
      expect(await show(lab)).toBe(before);
      expect(watch.lines.slice(known).filter(line => /inet|via|scope|proto/.test(line))).toEqual([]);
      expect(await nameServers(manager)).toEqual(['192.0.2.53']);
      expect(await asker.ask('shield')).toMatchObject(DONE);
      expect(await asker.ask('shield', { link: 'nonesuch' })).toMatchObject(DONE);
    });

    it('gives the uplink back with its profile: no packet of IPv4 lost, IPv6 away for a moment', async () => {
      await using lab = await labWithoutDad();
      await using manager = await startNetworkManager(lab, { profiles: PROFILES });
      await using asker = startAsker(manager);
      await writeSysctls(lab.hostNs, { 'net/ipv6/conf/eth0/accept_dad': '1' });
      const before = await show(lab);
      const [routes4, routes6] = await Promise.all([lab.hostIp('route'), lab.hostIp('-6', 'route')]);
      await asker.ask('shield');
      // What a migration does to the uplink, and what it undoes.
      await lab.hostIp('link', 'set', 'eth0', 'name', 'eth0~');
      await lab.hostIp('addr', 'flush', 'dev', 'eth0~', 'scope', 'global');
      expect(await asker.ask('forget', { link: 'eth0~' })).toMatchObject(DONE);
      expect(await asker.read({ link: 'eth0~' })).toMatchObject({ prepared: 'released', uplink: { managed: false } });
      expect(await nameServers(manager)).toEqual(['192.0.2.53']);
      const local = /fe80::\S+/.exec(before)![0];
      await lab.hostIp('addr', 'add', '10.9.0.2/24', 'brd', '+', 'dev', 'eth0~', 'noprefixroute');
      for (const address of ['2001:db8:9::2/64', local])
        await lab.hostIp('addr', 'add', address, 'dev', 'eth0~', 'noprefixroute', 'nodad');
      await lab.hostIp('link', 'set', 'eth0~', 'name', 'eth0');
      for (const route of routes4.split('\n').toReversed())
        await lab.hostIp('route', 'replace', ...route.trim().split(' '));
      for (const route of routes6.split('\n'))
        await lab.hostIp('-6', 'route', 'replace', ...route.replace(/ pref .*/, '').split(' '));
      expect(await show(lab)).toBe(before);

      const ends = { clientNs: lab.gatewayNs, serverNs: lab.hostNs, targets: ['10.9.0.2', '2001:db8:9::2'] };
      await using probe = await startUdpProbe(lab, { ...ends, rateHz: 1000 });
      expect(await asker.ask('return', { profile: STATIC_PROFILE_UUID })).toMatchObject(DONE);
      await probe.progress(100);
      const losses = await probe.stop();
      expect(losses['10.9.0.2']).toMatchObject({ lost: 0 });
      expect(losses['2001:db8:9::2']!.longestGapMs).toBeLessThan(500);
      expect(await asker.read()).toMatchObject({
        prepared: 'no',
        uplink: { managed: true, state: 100, connection: { uuid: STATIC_PROFILE_UUID } },
      });
      expect(await show(lab)).toBe(before);
      expect(await asker.ask('return', { profile: STATIC_PROFILE_UUID })).toMatchObject(DONE);
      expect(await nameServers(manager)).toEqual(['192.0.2.53']);
      expect(await manager.nmcli('-g', 'GENERAL.AUTOCONNECT', 'device', 'show', 'eth0')).toBe('yes');
      const gone = '2d2f1b6c-6b0e-4a3c-9a59-5c2b0f1f7d11';
      expect(await asker.ask('return', { profile: gone })).toMatchObject(DONE);
      expect(await asker.read()).toMatchObject({ uplink: { connection: { uuid: STATIC_PROFILE_UUID } } });
    });

    it('an uplink that somebody else has configured is looked on as before, and loses nothing', async () => {
      await using lab = await labWithoutDad();
      for (const address of ['10.9.0.2/24', '2001:db8:9::2/64'])
        await lab.hostIp('addr', 'add', address, 'dev', 'eth0');
      await using manager = await startNetworkManager(lab, { profiles: {} });
      await using asker = startAsker(manager);
      expect(await asker.read()).toMatchObject({ uplink: { managed: true, connection: { external: true } } });
      await asker.ask('shield');
      const before = await show(lab);
      expect(await asker.ask('forget')).toMatchObject(DONE);
      expect(await asker.read()).toMatchObject({ prepared: 'shielded' });
      expect(await asker.ask('return')).toMatchObject(DONE);
      expect(await asker.read()).toMatchObject({ uplink: { managed: true, connection: { external: true } } });
      expect(await show(lab)).toBe(before);
    });

    it('a bus or a NetworkManager that is stopped, dead or away costs little time; its files tell what it knew', async () => {
      await using lab = await labWithoutDad();
      await using manager = await startNetworkManager(lab, { profiles: PROFILES });
      await using asker = startAsker(manager);
      const methods = { method4: 'manual', method6: 'manual' };
      const connection = { id: 'uplink', uuid: STATIC_PROFILE_UUID, type: '802-3-ethernet', ...methods };
      const uplink = { name: 'eth0', managed: true, connection };
      // What is loaded at the first use is loaded.
      expect(await asker.read()).toMatchObject({ state: 'running' });
      manager.pauseBus();
      const stopped = await asker.read({ limitMs: LIMIT_MS });
      expect(stopped).toMatchObject({ state: 'silent', version: null, uplink });
      expect(stopped.tookMs).toBeLessThan(500);
      const refused = await asker.ask('shield', { limitMs: LIMIT_MS });
      expect(refused.failure).toMatchObject({ code: 'OWNER_UNREACHABLE' });
      manager.resumeBus();
      manager.pause();
      const silent = await asker.read({ limitMs: LIMIT_MS });
      expect(silent).toMatchObject({ state: 'silent', uplink });
      expect(silent.tookMs).toBeLessThan(500);
      manager.resume();
      await asker.ask('shield');
      await manager.stop();
      expect(await asker.read()).toMatchObject({ state: 'absent', prepared: 'released', uplink: { managed: false } });
      // It takes the uplink again when it starts, and changes nothing there.
      const before = await show(lab);
      expect(await asker.ask('return', { profile: STATIC_PROFILE_UUID })).toMatchObject(DONE);
      expect(await asker.read()).toMatchObject({ state: 'absent', uplink });
      await using watch = await watchKernel(lab.hostNs, ['address', 'route']);
      const known = watch.lines.length;
      await manager.start();
      expect(await asker.read()).toMatchObject({ state: 'running', uplink: { ...uplink, state: 100 } });
      expect(await show(lab)).toBe(before);
      expect(watch.lines.slice(known).filter(line => line.startsWith('Deleted') && line.includes('eth0'))).toEqual([]);
      await manager.stopBus();
      expect(await asker.read()).toMatchObject({ state: 'absent', uplink });
    });
  },
  networkManagerNeeds(),
);
