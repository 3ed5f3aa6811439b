import { expect, it, vi } from 'vitest';
import type { PortVlan } from '../../src/domain/port-spec.ts';
import { ANY_VLAN, hostOnWire } from '../../src/domain/port-spec.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { runCli } from './support/cli.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

const VLANS = ['--vlan-mode', 'native-untagged', '--tag', '100', '--trunks', '200-202', '--host-port-tag', '100'];
const MIGRATE = ['migrate', '-i', 'eth0', '-b', 'br-ext', ...VLANS];
const FRAME = 'dl_src=02:00:00:00:00:aa,dl_dst=ff:ff:ff:ff:ff:ff';

/** Settings of the two ports, as far as they forward anything at all. */
const SETTINGS: readonly (readonly [Partial<PortVlan>, number | null])[] = [
  [{}, null],
  [{}, 100],
  [{ tag: 100 }, 100],
  [{ tag: 100 }, null],
  [{ trunks: [100, 200] }, null],
  [{ trunks: [0, 100] }, 100],
  [{ trunks: [0, 100] }, null],
  [{ vlanMode: 'native-untagged', tag: 100 }, 100],
  [{ vlanMode: 'native-untagged', tag: 100, trunks: [200] }, null],
  [{ vlanMode: 'native-untagged', tag: 100, trunks: [200] }, 200],
  [{ vlanMode: 'native-tagged', tag: 100, trunks: [0, 200] }, 100],
  [{ vlanMode: 'native-tagged', tag: 100, trunks: [0, 200] }, null],
];

describeLive('VLANs of the ports', () => {
  it('are what Open vSwitch makes of them: what the pre-check foretells is what it forwards', async () => {
    await using lab = await createLab({ name: 'vlan' });
    const br = ['br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev'];
    await lab.vsctl('add-br', ...br);
    for (const name of ['uplink', 'host']) {
      await lab.vsctl('add-port', 'br0', name, '--', 'set', 'interface', name, 'type=internal');
    }
    for (const [change, tag] of SETTINGS) {
      const uplink = { ...ANY_VLAN, ...change };
      const hostPort = { ...ANY_VLAN, tag };
      const cleared = ['clear', 'port', 'host', 'tag', '--', 'clear', 'port', 'uplink', 'tag', 'trunks', 'vlan_mode'];
      await lab.vsctl(...cleared, ...columnsOf('uplink', uplink), ...columnsOf('host', hostPort));
      const sent = await trace(lab, `in_port=host,${FRAME}`);
      const hears = [];
      for (const vlan of new Set([0, tag ?? 0])) {
        const heard = await trace(lab, `in_port=uplink,${FRAME}${vlan === 0 ? '' : `,dl_vlan=${vlan}`}`);
        if (heard.get('host') === 0) hears.push(vlan);
      }
      const found = { sends: sent.get('uplink') ?? null, hears };
      expect(found, JSON.stringify({ change, tag })).toEqual(hostOnWire(uplink, hostPort));
    }
  });

  it('stand in the rows; the host is on the wire without a tag, a guest with its own; changed ones are put right', async () => {
    await using lab = await createLab({ name: 'ports' });
    await configurePlainHost(lab);
    const before = await captureTimed(lab);
    // The gateway has no VLANs: what reaches its link with a tag is counted there, and its answer to the probe is the proof of what has none.
    const countFrames = await startCounting(lab, [100, 201, 203]);
    const migrated = await runCli(lab, MIGRATE);
    expect(migrated.code, migrated.stdout + migrated.stderr).toBe(0);
    expect(await columns(lab, 'eth0~')).toEqual(['100', '[200, 201, 202]', 'native-untagged']);
    expect(await columns(lab, 'eth0')).toEqual(['100', '[]', '[]']);

    // The VLAN that does not get through first: where the later frame is there, the earlier one would be.
    for (const vlan of ['203', '201']) {
      const name = `guest${vlan}`;
      await lab.vsctl('add-port', 'br-ext', name, `tag=${vlan}`, '--', 'set', 'interface', name, 'type=internal');
      await lab.hostIp('link', 'set', name, 'up');
      await lab.hostIp('addr', 'add', `10.${vlan}.0.2/24`, 'dev', name);
      // Nobody is there: what goes out is the question for its MAC, to all.
      await lab.run(lab.hostNs, ['bash', '-c', `echo > /dev/udp/10.${vlan}.0.1/9`], { check: true });
    }
    await vi.waitFor(async () => expect((await countFrames()).get(201)).toBeGreaterThan(0), { timeout: 5_000 });
    const frames = await countFrames();
    expect([frames.get(100), frames.get(203)]).toEqual([0, 0]);
    await lab.vsctl('del-port', 'br-ext', 'guest201', '--', 'del-port', 'br-ext', 'guest203');

    await lab.vsctl('set', 'port', 'eth0~', 'trunks=0,300', '--', 'clear', 'port', 'eth0', 'tag');
    expect(await drift(lab)).toEqual([
      'still to do: set the VLANs of port eth0 (tag 100)',
      'still to do: set the VLANs of port eth0~ (native-untagged, tag 100, trunks 200-202)',
    ]);
    const again = await runCli(lab, MIGRATE);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(await columns(lab, 'eth0~')).toEqual(['100', '[200, 201, 202]', 'native-untagged']);
    expect(await drift(lab)).toEqual([]);

    const restored = await runCli(lab, ['restore', '-i', 'eth0']);
    expect(restored.code, restored.stdout + restored.stderr).toBe(0);
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
  });
});

function columnsOf(port: string, { tag, trunks, vlanMode }: PortVlan): string[] {
  const set = [
    ...(tag === null ? [] : [`tag=${tag}`]),
    ...(trunks.length === 0 ? [] : [`trunks=${trunks.join(',')}`]),
    ...(vlanMode === null ? [] : [`vlan_mode=${vlanMode}`]),
  ];
  return set.length === 0 ? [] : ['--', 'set', 'port', port, ...set];
}

async function columns(lab: Lab, port: string): Promise<readonly string[]> {
  return (await lab.vsctl('get', 'port', port, 'tag', 'trunks', 'vlan_mode')).split('\n');
}

async function drift(lab: Lab): Promise<readonly string[]> {
  return (await runCli(lab, ['status'])).objects.flatMap(({ status }) => status?.drift ?? []);
}

/** Where a frame would go, with which tag (0: none), by `ofproto/trace`. */
async function trace(lab: Lab, flow: string): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await lab.run(lab.hostNs, ['ovs-appctl', 'ofproto/trace', '--names', 'br0', flow], {
    check: true,
  });
  const actions = /^Datapath actions: (.*)$/m.exec(stdout)?.[1] ?? '';
  const outputs = new Map<string, number>();
  let tag = Number(/dl_vlan=(\d+)/.exec(flow)?.[1] ?? 0);
  for (const [action, vlan] of actions.matchAll(/push_vlan\(vid=(\d+)[^)]*\)|[a-z_0-9]+/g)) {
    if (vlan !== undefined) tag = Number(vlan);
    else if (action === 'pop_vlan') tag = 0;
    else outputs.set(action, tag);
  }
  return outputs;
}

/** Counts what arrives at the gateway with these tags; call the result to read. */
async function startCounting(lab: Lab, vlans: readonly number[]): Promise<() => Promise<ReadonlyMap<number, number>>> {
  const rules = vlans.map(vlan => `vlan id ${vlan} counter`).join('\n');
  const chain = `chain seen {\ntype filter hook ingress device gw0 priority 0\n${rules}\n}`;
  await lab.run(lab.gatewayNs, ['nft', '-f', '-'], { input: `table netdev seen {\n${chain}\n}\n`, check: true });
  return async () => {
    const { stdout } = await lab.run(lab.gatewayNs, ['nft', 'list', 'table', 'netdev', 'seen'], { check: true });
    const found = stdout.matchAll(/vlan id (\d+) counter packets (\d+)/g);
    return new Map([...found].map(([, vlan, packets]) => [Number(vlan), Number(packets)]));
  };
}
