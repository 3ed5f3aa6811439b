import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Layout } from '../../src/domain/layout.ts';
import { diffMoved, type MovedNames } from '../live/support/moved-host.ts';
import { diffTimed } from '../live/support/unchanged.ts';
import { EXPECTED_EVENTS_OLDER } from '../netlink/moving/expected-events.ts';
import { EXPECTED_MOVES, EXPECTED_RETURNS, onOlder, possible } from '../netlink/moving/expected-moves.ts';
import type { Journey } from './guest/journey.ts';
import { describeVm } from './live-vm.ts';

const LIMIT_MS = 300_000;
const KILL_LIMIT_MS = 1_200_000;
/** CI has time for one layout; `npm run test:vm` does all. */
const isWhole = process.env['OVS_UPLINK_VM'] === 'all' || process.env['OVS_UPLINK_VM_SOAK'] === '1';
/** `npm run soak:vm` takes much more of what CI has time for a little of. */
const isSoak = process.env['OVS_UPLINK_VM_SOAK'] === '1';
const KILLED_AT = [
  'state cuttingOver.switchingRoutes',
  ...(isSoak
    ? ['renamingUplink', 'makingHostPort', 'addressingHostPort'].map(name => `state preparing.standing.${name}`)
    : []),
  ...(isSoak ? ['attachingUplink', 'removingUplinkAddresses'].map(name => `state cuttingOver.${name}`) : []),
];
/** Of the workers of udev, one after the other; drawn anew for a soak. */
const DELAYS_MS = isSoak ? Array.from({ length: 97 }, () => randomInt(500)) : [0, 210, 40, 480, 120];
const UDEV = { rounds: isSoak ? 30 : 1, delaysMs: DELAYS_MS };
const SEEDS = isSoak ? [randomInt(2 ** 31)] : [20_261_121];
const CONFORMANCE_LIMIT_MS = isSoak ? 3_600_000 : LIMIT_MS;
const SEQUENCES = isSoak ? 2_000 : 75;

/** For the tests that CI leaves to `npm run test:vm`. */
const itWhole = it.skipIf(!isWhole);
if (!isWhole) console.warn('SKIPPED most of the VM lab, for its time: npm run test:vm does all of it');

// The table of layouts in the README, for `migrate -i eth0 -b br-ext`.
const MOVING: readonly (MovedNames & { readonly layout: Layout; readonly bridge: string })[] = [
  { layout: 'host-port', uplink: 'eth0', uplinkAfter: 'eth0~', hostPort: 'eth0', bridge: 'br-ext' },
  { layout: 'bridge-port', uplink: 'eth0', uplinkAfter: 'eth0', hostPort: 'br-ext', bridge: 'br-ext' },
  { layout: 'exchange-names', uplink: 'eth0', uplinkAfter: 'br-ext', hostPort: 'eth0', bridge: 'eth0' },
];

await describeVm('Linux 6.1 with the kernel datapath', vm => {
  for (const names of MOVING) {
    (names.layout === 'host-port' ? it : itWhole)(
      `${names.layout}: moves every field of a demanding host, and puts everything back`,
      async () => {
        const { layout, hostPort, bridge, uplinkAfter } = names;
        const options = { uplink: 'eth0', bridge: 'br-ext', layout, hostPort };
        const journey = await vm().run('layoutThereAndBack', options, { timeoutMs: LIMIT_MS });
        expect(journey.sights).toEqual([[], [], []]);
        expect(diffMoved(journey.before, journey.during, names)).toEqual([]);
        expectOnKernelDatapath(journey, bridge, uplinkAfter, hostPort);
        // This kernel renames a link only while it is down: it was down for the rename, under both names, and otherwise never.
        const renamed = uplinkAfter === 'eth0' ? [] : expect.arrayContaining(['eth0', uplinkAfter]);
        expect(journey.downAs).toEqual(renamed);
        expectAsBefore(journey);
      },
      LIMIT_MS,
    );
  }

  itWhole(
    'attach-only: gives the uplink to the bridge, where a guest reaches the gateway, and takes it back',
    async () => {
      const options = { uplink: 'eth0', bridge: 'br-ext', layout: 'attach-only', hostPort: 'eth0' } as const;
      const journey = await vm().run('attachThereAndBack', options, { timeoutMs: LIMIT_MS });
      expect(journey.sights).toEqual([[], [], []]);
      expectOnKernelDatapath(journey, 'br-ext', 'eth0', 'br-ext');
      expect(journey.downAs).toEqual([]);
      expectAsBefore(journey);
    },
    LIMIT_MS,
  );

  itWhole(
    'a bond in active-backup moves with its rename and comes back, and fails over while it is on the bridge',
    async () => {
      const journey = await vm().run('bondThereAndBack', { layout: 'host-port' }, { timeoutMs: LIMIT_MS });
      expect(journey.sights.flatMap(each => each.silent)).toEqual([]);
      expect(journey.sights[1]?.silentAfterFailover).toEqual([]);
      expectOnKernelDatapath(journey, 'br-bond', 'bond0~', 'bond0');
      expect(journey.downAs).toEqual(expect.arrayContaining(['bond0', 'bond0~']));
      // It counts the failover.
      expectAsBefore(journey, line => !line.includes('link_failure_count'));
    },
    LIMIT_MS,
  );

  itWhole(
    'two links become a bond of Open vSwitch, which goes on when the uplink loses its carrier, and are two links again',
    async () => {
      const journey = await vm().run('ovsBondThereAndBack', { mode: 'active-backup' }, { timeoutMs: LIMIT_MS });
      expect(journey.sights.flatMap(each => each.silent)).toEqual([]);
      expect(journey.sights[1]?.silentAfterFailover).toEqual([]);
      expect(journey.bridges).toEqual({ 'br-bond': ['port0'] });
      expect(journey.datapathPorts).toEqual(expect.arrayContaining(['port0 netdev', 'port1 netdev']));
      expect(journey.downAs).toEqual([]);
      expectAsBefore(journey);
    },
    LIMIT_MS,
  );

  itWhole(
    'a team that teamd runs moves without ever being set down, and comes back',
    async ({ skip }) => {
      const journey = await vm().run('teamThereAndBack', { layout: 'bridge-port' }, { timeoutMs: LIMIT_MS });
      if (journey === null) {
        console.warn('SKIPPED a team as uplink: teamd is missing: apt install libteam-utils');
        return skip('teamd is missing: apt install libteam-utils');
      }
      expect(journey.sights.flatMap(each => each.silent)).toEqual([]);
      expectOnKernelDatapath(journey, 'br-team', 'team0', 'br-team');
      expect(journey.downAs).toEqual([]);
      expectAsBefore(journey);
    },
    LIMIT_MS,
  );

  itWhole(
    'a team that NetworkManager made is never set down by a start, a restart, or an attempt to migrate it',
    async ({ skip }) => {
      const seen = await vm().run('startOnManagedTeam', undefined, { timeoutMs: LIMIT_MS });
      if (typeof seen === 'string') {
        console.warn(`SKIPPED a team that NetworkManager made: ${seen}`);
        return skip(seen);
      }
      const attempts = seen.starts.filter(each => each.command.startsWith('migrate'));
      expect(attempts.map(each => each.result)).toEqual(attempts.map(() => 'refused'));
      for (const { command, codes } of seen.starts) {
        expect(codes, command).toContain(command.includes('-i team0') ? 'nm-keeps-link' : 'uplink-enslaved');
      }
      // Otherwise the watch has shown nothing.
      expect(seen.made).toBeGreaterThan(0);
      expect(seen.damage).toEqual([]);
      const [before, afterStarts, afterRestart, atEnd] = seen.sights;
      expect(before).toEqual(expect.arrayContaining(['GENERAL.TYPE:team', 'GENERAL.STATE:100 (connected)']));
      expect(before?.join()).toContain('10.9.0.2/24');
      expect(afterStarts).toEqual(before);
      expect(atEnd).toEqual(afterRestart);
    },
    LIMIT_MS,
  );

  itWhole(
    'a VLAN child of the uplink goes on working beside the bridge',
    async () => {
      const journey = await vm().run('vlanThereAndBack', undefined, { timeoutMs: LIMIT_MS });
      expect(journey.migrated.findings.map(each => each.code)).toContain('uplink-has-vlan');
      expect(journey.sights).toEqual([[], [], []]);
      expect(journey.downAs).toEqual([]);
      expectAsBefore(journey);
    },
    LIMIT_MS,
  );

  itWhole(
    'a layout whose rename would take a VLAN child down is refused, and nothing is changed',
    async () => {
      const { outcome, differences } = await vm().run('vlanRefused', undefined, { timeoutMs: LIMIT_MS });
      expect(outcome?.result).toBe('refused');
      expect(outcome?.findings.map(each => each.code)).toContain('rename-takes-uppers-down');
      expect(differences).toEqual([]);
    },
    LIMIT_MS,
  );

  itWhole(
    'never attaches while flow-restore-wait is true, and goes on once it is cleared',
    async () => {
      const seen = await vm().run('waitForFlows', undefined, { timeoutMs: LIMIT_MS });
      expect(seen.unanswered?.result).toBe('refused');
      expect(JSON.stringify(seen.unanswered?.failure)).toContain('flow-restore-wait');
      expect(seen.leftBehind).toEqual({ bridges: '', isAttached: false });
      expect(seen.whileWaiting).toEqual({ isAttached: false });
      expect(seen.migrated).toEqual({ code: 0, result: 'committed' });
      expect(seen.silent).toEqual([]);
      expect(seen.restored).toEqual({ code: 0, result: 'rolledBack' });
    },
    LIMIT_MS,
  );

  itWhole(
    'killed in the cutover, the next start ends committed or as before',
    async () => {
      const { killedAt, problems } = await vm().run(
        'killMigration',
        { points: KILLED_AT },
        { timeoutMs: KILL_LIMIT_MS },
      );
      expect(problems).toEqual([]);
      expect(killedAt).toEqual(KILLED_AT);
    },
    KILL_LIMIT_MS,
  );

  itWhole(
    `commits and restores although systemd-udevd gives the uplink its old name back (rounds: ${UDEV.rounds})`,
    async () => {
      const { problems, returns } = await vm().run('udevThereAndBack', UDEV, { timeoutMs: UDEV.rounds * LIMIT_MS });
      expect(problems).toEqual([]);
      // Otherwise this test has shown nothing.
      expect(returns).toBeGreaterThan(0);
    },
    UDEV.rounds * LIMIT_MS,
  );

  itWhole(
    'the simulated kernel, told that it is 6.1, does as 6.1',
    async () => {
      for (const seed of SEEDS) {
        const options = { seed, runs: SEQUENCES, shrink: isSoak };
        expect(await vm().run('conformKernel', options, { timeoutMs: CONFORMANCE_LIMIT_MS })).toBe('no difference');
      }
    },
    CONFORMANCE_LIMIT_MS * SEEDS.length,
  );

  itWhole(
    'a link moves into another namespace, or does not, as on a newer kernel; there are fewer reasons given, and more events for udevd',
    async () => {
      const { moves, returns, heard } = await vm().run('moveLinks', undefined, { timeoutMs: LIMIT_MS });
      expect(moves).toEqual(possible(onOlder(EXPECTED_MOVES), moves));
      expect(returns).toEqual(onOlder(EXPECTED_RETURNS));
      expect(heard).toEqual(EXPECTED_EVENTS_OLDER);
    },
    LIMIT_MS,
  );

  itWhole(
    'a NIC of hardware is moved and comes home as it was: by both ways, killed at every state, its name taken there, its namespace deleted with it inside',
    async () => {
      const { problems, killed } = await vm().run('moveThereAndBack', undefined, { timeoutMs: KILL_LIMIT_MS });
      expect(problems).toEqual([]);
      expect(killed).toBe(19);
    },
    KILL_LIMIT_MS,
  );

  itWhole(
    'a link of hardware comes to the first namespace when its own is deleted, with its name there unless that is taken',
    async () => {
      const hardware = await vm().run('returnHardware', undefined, { timeoutMs: LIMIT_MS });
      expect(hardware).toEqual({
        nothing: 'net0 enp8s0',
        'its name': 'dev<index> enp8s0',
        'its altname': 'net0',
      });
    },
    LIMIT_MS,
  );
});

function expectOnKernelDatapath(journey: Journey<unknown>, bridge: string, uplink: string, hostPort: string): void {
  expect(Object.keys(journey.bridges)).toEqual([bridge]);
  expect(journey.bridges[bridge]).toContain(uplink);
  expect(journey.datapathPorts).toEqual(expect.arrayContaining([`${uplink} netdev`, `${hostPort} internal`]));
}

function expectAsBefore(journey: Journey<unknown>, counts: (line: string) => boolean = () => true): void {
  expect(diffTimed(journey.before, journey.after).filter(counts)).toEqual([]);
  expect(journey.bridgesAfter).toBe('');
}
