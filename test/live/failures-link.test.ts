import { afterAll, expect, it } from 'vitest';
import { captureHost, diffImages } from '../lab/host-image.ts';
import type { Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { writeSysctls } from '../lab/topology.ts';
import { watchKernel } from '../lab/watch.ts';
import { createBenchPool } from './failing/bench-pool.ts';
import { TRIED_STATES } from './failing/chart-states.ts';
import { createBench, expectNoTraces } from './failing/fault-bench.ts';
import { happeningIn, shell } from './failing/incidents.ts';
import { storyOf } from './failing/run-acting.ts';

const LIMIT_MS = 180_000;
/** The uplink's present name: its index never changes. */
const UPLINK = '$(ip -o link show | sed -n "s/^10: \\([^@:]*\\).*/\\1/p")';

/** Where a change by somebody else is sure to be noticed: from `probing` on nobody looks at the addresses any more. */
const CHANGING_STATES = TRIED_STATES.filter(
  state => /^(preparing\.standing|cuttingOver|verifying)/.test(state) && state !== 'verifying.probing',
);

describeLive('the uplink fails during a migration', () => {
  const pool = createBenchPool(2, () => createBench({ name: 'lnk' }, configureKeeping));
  afterAll(() => pool[Symbol.asyncDispose](), LIMIT_MS);

  it.concurrent.each(['gating', 'preparing.locking', ...CHANGING_STATES, 'verifying.probing'])(
    'loses its carrier in %s: nothing is left changed',
    { timeout: LIMIT_MS },
    state =>
      pool.use(async bench => {
        const { lab } = bench;
        const down = shell(`ip -n ${lab.gatewayNs} link set gw0 down`);
        const ended = await bench.migrate(happeningIn(lab, state, [down]));
        expect(ended.happened, storyOf(ended)).toBe(true);
        expect([3, 4], storyOf(ended)).toContain(ended.code);
        if (state !== 'gating' && state !== 'preparing.locking') expect(ended.code, storyOf(ended)).toBe(4);
        expect(ended.cause).toMatch(/carrier/);
        await giveCarrier(lab);
        await bench.expectAsBefore(ended);
      }),
  );

  it.concurrent.each(CHANGING_STATES)(
    'loses an address to somebody else in %s: it is put back',
    { timeout: LIMIT_MS },
    state =>
      pool.use(async bench => {
        const { lab } = bench;
        // From removingUplinkAddresses on, the host port carries the address.
        const link = /removingUplinkAddresses|verifying/.test(state) ? 'eth0' : UPLINK;
        const ended = await bench.migrate(happeningIn(lab, state, [shell(`ip addr del 10.9.0.2/24 dev "${link}"`)]));
        expect(ended.happened, storyOf(ended)).toBe(true);
        if (ended.code === 0) return bench.expectRestored();
        expect(ended.code, storyOf(ended)).toBe(4);
        expect(ended.cause).toContain('10.9.0.2');
        await bench.expectAsBefore(ended);
      }),
  );

  it.concurrent.each([
    'preparing.standing.configuringHostPort',
    'preparing.standing.addressingHostPort',
    'cuttingOver.attachingUplink',
    'cuttingOver.mutingUplink',
    'cuttingOver.switchingRoutes',
    'verifying.comparing',
  ])('loses its bridge to somebody else in %s: the host is as before', { timeout: LIMIT_MS }, state =>
    pool.use(async bench => {
      const { lab } = bench;
      const removal = {
        kind: 'run',
        argv: ['ovs-vsctl', `--db=${lab.ovsdbRemote}`, '--timeout=10', 'del-br', 'br-ext'],
      } as const;
      const ended = await bench.migrate(happeningIn(lab, state, [removal]));
      expect(ended.happened, storyOf(ended)).toBe(true);
      expect(ended.code, storyOf(ended)).toBe(4);
      expect(ended.cause).not.toBe('');
      await bench.expectAsBefore(ended);
    }),
  );

  it.concurrent.each([
    ['IPv4', '10.9.0.1'],
    ['IPv6', '2001:db8:9::1'],
  ] as const)(
    'has a gateway that stops answering in %s after the attach: the host is as before',
    { timeout: LIMIT_MS },
    (family, gateway) =>
      pool.use(async bench => {
        const { lab } = bench;
        // The family `netdev` sees the question before ARP and neighbour discovery do.
        const match = family === 'IPv4' ? 'arp operation request' : 'icmpv6 type nd-neighbor-solicit';
        const nft = `ip netns exec ${lab.gatewayNs} nft add`;
        const drop = shell(
          `${nft} table netdev mute; ${nft} chain netdev mute in '{ type filter hook ingress device gw0 priority 0; }'; ` +
            `${nft} rule netdev mute in ${match} drop`,
        );
        const ended = await bench.migrate(happeningIn(lab, 'cuttingOver.mutingUplink', [drop]));
        expect(ended.happened, storyOf(ended)).toBe(true);
        await lab.run(lab.gatewayNs, ['nft', 'delete', 'table', 'netdev', 'mute'], { check: true });
        expect(ended.code, storyOf(ended)).toBe(4);
        expect(ended.outcome?.failure).toMatchObject({ code: 'PROBE_FAILED' });
        expect(ended.cause).toContain(gateway);
        await bench.expectAsBefore(ended);
      }),
  );

  it('a migration and its way back work afterwards', { timeout: LIMIT_MS }, () =>
    pool.use(bench => bench.expectStillWorks()),
  );
});

describeLive('the uplink vanishes during a migration', () => {
  const ways = ['is deleted', 'is moved away'] as const;
  const states = [
    'preparing.standing.renamingUplink',
    'preparing.standing.addressingHostPort',
    'cuttingOver.attachingUplink',
    'cuttingOver.switchingRoutes',
    'verifying.comparing',
  ];
  const cases = ways.flatMap(way => states.map(state => ({ way, state })));
  const pool = createBenchPool(2, () => createBench({ name: 'van' }), { once: true });

  it.concurrent.each(cases)('it $way in $state: nothing of ours is left', { timeout: LIMIT_MS }, ({ way, state }) =>
    pool.use(async ({ lab, migrate }) => {
      const before = await captureHost(lab, { linkName: 'lo' });
      const how = way === 'is deleted' ? `ip link del "${UPLINK}"` : `ip link set "${UPLINK}" netns ${lab.farNs}`;
      const ended = await migrate(happeningIn(lab, state, [shell(how)]));
      expect(ended.happened, storyOf(ended)).toBe(true);
      expect(ended.code, storyOf(ended)).toBe(4);
      expect(ended.cause, storyOf(ended)).toMatch(/eth0.*(is gone|vanished)|vanished.*eth0/);
      const differences = diffImages(before, await captureHost(lab, { linkName: 'lo' }), {
        ignoreLinks: ['ovs-netdev'],
      });
      // What stood on the uplink went with it, and that is all.
      expect(differences.filter(line => !isGoneWith(line, 'eth0'))).toEqual([]);
      expect(differences.some(line => line.startsWith('link eth0: missing'))).toBe(true);
      await expectNoTraces(lab);
    }),
  );
});

function isGoneWith(difference: string, link: string): boolean {
  return difference.includes(': missing, was ') && difference.includes(`${link}`);
}

/** Carrier loss is made at the gateway, whose addresses must survive it. */
async function configureKeeping(lab: Lab): Promise<void> {
  await configurePlainHost(lab);
  await writeSysctls(lab.gatewayNs, { 'net/ipv6/conf/gw0/keep_addr_on_down': '1' });
}

async function giveCarrier(lab: Lab): Promise<void> {
  await using watch = await watchKernel(lab.hostNs, ['link']);
  await lab.run(lab.gatewayNs, ['ip', 'link', 'set', 'gw0', 'up'], { check: true });
  await watch.event(
    line => line.includes(` ${lab.uplinkName}`) && line.includes('LOWER_UP') && line.includes('state UP'),
  );
}
