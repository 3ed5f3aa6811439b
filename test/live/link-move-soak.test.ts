import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { raiseLink } from '../lab/topology.ts';
import { ipBatch } from '../lab/two-ports.ts';
import type { ManyMoves, ManyMovesReport } from './moving/many-moves.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

const PROCESS = fileURLToPath(new URL('./moving/many-moves.ts', import.meta.url));
const NIC = 'eth5';
/** `npm run soak:moves` makes a thousand of them. */
const TIMES = Number(process.env['OVS_UPLINK_MOVES'] ?? 6);
const LIMIT_MS = 30_000 + TIMES * 500;

describeLive('an engine that moves a NIC and brings it home again and again', () => {
  it.each(['message', 'steps'] as const)('by the way of %s leaves nothing behind', { timeout: LIMIT_MS }, async way => {
    await using lab = await createLab({ name: 'movs' });
    await ipBatch(lab.gatewayNs, [`link add gw5 type veth peer name ${NIC} netns ${lab.hostNs}`, 'link set gw5 up']);
    await raiseLink(lab.hostNs, NIC);
    await ipBatch(lab.hostNs, [`addr add 10.55.0.1/24 dev ${NIC}`, `addr add fd55::1/64 dev ${NIC} nodad`]);
    const before = await captureTimed(lab, { linkName: NIC });
    const { stateDir, ovsdbRemote: ovsdb, farNs: netns } = lab;
    const order: ManyMoves = { stateDir, ovsdb, link: NIC, netns, way, times: TIMES };
    const { stdout, stderr } = await lab.run(lab.hostNs, [process.execPath, PROCESS, JSON.stringify(order)], {
      timeoutMs: LIMIT_MS,
    });
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') as ManyMovesReport;
    expect([report.failures, stderr]).toEqual([[], '']);
    const [first, last] = report.open;
    expect(last).toEqual(first);
    expect(last).toMatchObject({ stateFiles: [`${NIC}.flight`, 'lock'], mounts: 0 });
    expect(diffTimed(before, await captureTimed(lab, { linkName: NIC }))).toEqual([]);
  });
});
