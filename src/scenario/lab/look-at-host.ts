import type { HostImage } from '../../../test/lab/host-image.ts';
import type { Lab } from '../../../test/lab/lab.ts';
import { uplinkError } from '../../errors.ts';
import type { HostView, ViewedHost } from '../host/host-view.ts';
import { linksWithSysctls, viewHost } from '../host/host-view.ts';
import { matchValue } from '../match.ts';
import type { Mismatch } from '../result.ts';
import type { HostScenario, Match } from '../scenario.ts';
import { actorMarks } from './actor-marks.ts';
import type { LabHost } from './hosts.ts';
import { compileCache, nodeCommand } from './run-command.ts';

/** Datagrams that must be answered in each family. */
const ANSWERS = 50;
/** For an answer that should come, on a busy machine, too; and for one that should not. */
const ANSWER_LIMIT_MS = 15_000;
const SILENCE_LIMIT_MS = 3_000;
/** The userspace datapath's own tap: it comes with the first bridge, and goes when ovs-vswitchd likes. */
const DATAPATH_LINKS = ['ovs-netdev', 'ovs-system'];

/** What of the host at the end is not as expected. */
export async function judgeHost(
  lab: Lab,
  scenario: HostScenario,
  labHost: LabHost,
  before: HostImage,
): Promise<readonly Mismatch[]> {
  const { expect } = scenario;
  const mismatches: Mismatch[] = [];
  const differs = (what: string, expected: string, got: string): void => {
    mismatches.push({ place: expect.place, what, expected, got, at: null });
  };
  if (expect.host !== null) {
    const view = await readView(lab, scenario.host.uplink, expect.host);
    for (const { path, expected, got } of matchValue(expect.host, view, 'host')) differs(path, expected, got);
  }
  if (expect.sameAsBefore !== null) {
    const differences = await differencesFrom(lab, scenario, before);
    const isSame = differences.length === 0;
    if (isSame !== expect.sameAsBefore) {
      differs(
        'sameAsBefore',
        expect.sameAsBefore ? 'as before' : 'a difference',
        differences.join('\n') || 'as before',
      );
    }
  }
  if (expect.reachable !== null) {
    const silence = await findSilence(lab, labHost.asked, expect.reachable ? ANSWER_LIMIT_MS : SILENCE_LIMIT_MS);
    if ((silence === null) !== expect.reachable) {
      differs('reachable', expect.reachable ? 'answers to the gateway' : 'no answer', silence ?? 'answers');
    }
  }
  return mismatches;
}

async function readView(lab: Lab, uplink: string, expected: Match): Promise<HostView> {
  const argv = [...nodeCommand('read-host'), lab.ovsdbRemote, lab.stateDir, uplink, ...linksWithSysctls(expected)];
  const { code, stdout, stderr } = await lab.run(lab.hostNs, argv, { env: compileCache(lab) });
  if (code !== 0) throw uplinkError('DEFECT', { what: 'cannot read the host of the lab', got: stderr });
  return viewHost(JSON.parse(stdout) as ViewedHost);
}

/** What the scenario's own actors did is no difference. */
async function differencesFrom(lab: Lab, scenario: HostScenario, before: HostImage): Promise<readonly string[]> {
  const { captureHost, diffImages } = await import('../../../test/lab/host-image.ts');
  const marks = actorMarks(scenario);
  const differences = diffImages(before, await captureHost(lab), { ignoreLinks: DATAPATH_LINKS });
  return differences.filter(difference => !marks.some(mark => difference.includes(mark)));
}

/** Asks the host from its gateway, in both families; null when it answers, else the words of who asked. */
async function findSilence(lab: Lab, targets: readonly string[], limitMs: number): Promise<string | null> {
  const { startUdpProbe } = await import('../../../test/lab/probe.ts');
  const ends = { clientNs: lab.gatewayNs, serverNs: lab.hostNs, startTimeoutMs: limitMs };
  try {
    await using probe = await startUdpProbe(lab, { ...ends, targets, rateHz: 1000 });
    await probe.progress(ANSWERS, { timeoutMs: limitMs });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
