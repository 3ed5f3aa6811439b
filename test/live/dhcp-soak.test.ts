import { describe, expect, it } from 'vitest';
import type { Layout } from '../../src/domain/layout.ts';
import { dhcpNeeds, startDhclient, startDhcpServer, startUdhcpc } from '../lab/dhcp.ts';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { watchKernel } from '../lab/watch.ts';
import { runCli } from './support/cli.ts';

/** Longer than a lease: what nobody renews is gone by then. */
const HOLD_MS = 125_000;
const RENEW_S = 50;

const CASES = [
  ['dhclient', 'host-port'],
  ['dhclient', 'exchange-names'],
  ['udhcpc', 'host-port'],
  ['udhcpc', 'exchange-names'],
] as const satisfies readonly (readonly [string, Layout])[];

/** `npm run soak:dhcp` runs these: four and a half minutes, all at once. */
const isWanted = process.env['OVS_UPLINK_DHCP_SOAK'] !== undefined;

describe.skipIf(!isWanted)('leases for longer than they last', () => {
  describeLive(
    'on a host that is migrated, and restored',
    () => {
      it.concurrent.each(CASES)(
        '%s, %s: the address never goes, and no lease is released',
        async (program, layout) => {
          await using lab = await createLab({ name: 'soak' });
          await using server = await startDhcpServer(lab, { renewS: RENEW_S });
          await (program === 'dhclient' ? startDhclient(lab) : startUdhcpc(lab));
          for (const command of [['migrate', '-b', 'br-ext', '--layout', layout], ['restore']]) {
            const { code, stdout } = await runCli(lab, [...command, '-i', 'eth0']);
            expect(code, stdout).toBe(0);
            await using watch = await watchKernel(lab.hostNs, ['address']);
            const until = performance.now() + HOLD_MS;
            while (performance.now() < until) await server.nextAck(90_000);
            expect(watch.lines.filter(line => /^Deleted.* inet 10\.9\./.test(line))).toEqual([]);
            expect(await lab.hostIp('-4', 'addr', 'show', 'dev', 'eth0')).toContain('inet 10.9.0.5');
            expect(await lab.hostIp('route', 'show', 'default')).toContain('via 10.9.0.1 dev eth0');
          }
          expect(server.lines.filter(line => line.message === 'DHCPRELEASE')).toEqual([]);
        },
        600_000,
      );
    },
    dhcpNeeds('dhclient', 'udhcpc'),
  );
});
