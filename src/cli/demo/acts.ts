import type { HostImage } from '../../../test/lab/host-image.ts';
import type { Lab } from '../../../test/lab/lab.ts';
import type { RunEvent, RunOutcome } from '../../engine/run.ts';
import { renderFindings } from '../render/render-findings.ts';
import { renderOutcome } from '../render/render-outcome.ts';
import { visible } from '../terminal/palette.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { isLossless, type Measurement, measure } from './measure.ts';
import { renderComparison, renderMeasurement, renderShortPlan, renderTimeline } from './render-demo.ts';
import { type CommandMessage, runInLab } from './run-in-lab.ts';
import { SERVICE_PORT, startService } from './vanishing-service.ts';

/** What the acts of the demo share. */
export interface Stage {
  readonly lab: Lab;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

const BRIDGE = 'br-demo';

function request(lab: Lab): readonly string[] {
  // The kernel module may be missing, and a namespace lab is about the order, not the datapath.
  return ['-i', lab.uplinkName, '-b', BRIDGE, '--datapath', 'netdev'];
}

/** Shows the plan. Resolves with true when there is one. */
export async function showPlan({ lab, terminal, signal }: Stage): Promise<boolean> {
  const messages = await runInLab(lab, ['plan', ...request(lab)], signal);
  const plan = messages.find(message => message.plan !== undefined)!.plan!;
  say(terminal, { act: 'plan', plan }, [
    ...renderFindings(
      plan.findings.filter(finding => finding.severity !== 'info'),
      terminal.outPalette,
    ).map(line => `  ${line}`),
    ...renderShortPlan(plan.steps ?? [], terminal.outPalette),
  ]);
  return plan.steps !== null;
}

/** Migrates under the probe. Resolves with true when it was committed without a loss and the uplink really is on the bridge. */
export async function migrateUnderProbe(stage: Stage): Promise<boolean> {
  const { lab, terminal, signal } = stage;
  const { result, seen } = await measure(lab, signal, () => runInLab(lab, ['migrate', ...request(lab)], signal));
  const outcome = outcomeOf(result);
  const ports = await portsOf(lab);
  say(terminal, { act: 'migrate', outcome, seen, ports }, [
    ...renderTimeline(eventsOf(result), terminal.outPalette),
    ...ending(stage, outcome, 'committed', seen),
    `  ovs-vsctl says: ${BRIDGE} has the ports ${visible(ports.join(', ') || 'none')}`,
  ]);
  // Not taken from what the program says of itself: a program that does nothing loses nothing either.
  const isMoved = ports.includes(`${lab.uplinkName}~`) && ports.includes(lab.uplinkName);
  return outcome.result === 'committed' && isLossless(seen) && isMoved;
}

/** Restores under the probe. Resolves with true when nothing was lost and the host equals `before`. */
export async function restoreUnderProbe(stage: Stage, before: HostImage): Promise<boolean> {
  const { lab, terminal, signal } = stage;
  const args = ['restore', '-i', lab.uplinkName];
  const { result, seen } = await measure(lab, signal, () => runInLab(lab, args, signal));
  const outcome = outcomeOf(result);
  const differences = await compare(lab, before);
  say(terminal, { act: 'restore', outcome, seen, differences }, [
    ...ending(stage, outcome, 'rolledBack', seen),
    ...renderComparison(differences, terminal.outPalette),
  ]);
  return outcome.result === 'rolledBack' && isLossless(seen) && differences.length === 0;
}

/**
 * Migrates again and lets a service that must answer vanish as soon as something is changed. Resolves with true when that was rolled
 * back without a loss and the host equals `before`.
 */
export async function migrateAndBreak(stage: Stage, before: HostImage): Promise<boolean> {
  const { lab, terminal, signal } = stage;
  const { LAB_ADDRESSES } = await import('../../../test/lab/lab.ts');
  const vanish = await startService(lab);
  const args = [
    'migrate',
    ...request(lab),
    '--probe',
    'gateway',
    '--probe',
    `tcp:${LAB_ADDRESSES.far4}:${SERVICE_PORT}`,
  ];
  const { result, seen } = await measure(lab, signal, () =>
    runInLab(lab, args, signal, event => {
      if (isUnderWay(event)) vanish();
    }),
  );
  const outcome = outcomeOf(result);
  const differences = await compare(lab, before);
  say(terminal, { act: 'break', outcome, seen, differences }, [
    ...renderTimeline(eventsOf(result), terminal.outPalette, isUnderWay),
    ...ending(stage, outcome, 'rolledBack', seen),
    ...renderComparison(differences, terminal.outPalette),
  ]);
  const wasCuttingOver = eventsOf(result).some(
    event => event.type === 'state' && event.state.startsWith('cuttingOver'),
  );
  return outcome.result === 'rolledBack' && wasCuttingOver && isLossless(seen) && differences.length === 0;
}

/** Ports of the demo's bridge in the words of ovs-vsctl; none when there is no such bridge. */
async function portsOf(lab: Lab): Promise<readonly string[]> {
  const bridges = (await lab.vsctl('list-br')).split('\n');
  if (!bridges.includes(BRIDGE)) return [];
  return (await lab.vsctl('list-ports', BRIDGE)).split('\n').filter(Boolean);
}

async function compare(lab: Lab, before: HostImage): Promise<readonly string[]> {
  const { captureHost, diffImages } = await import('../../../test/lab/host-image.ts');
  // ovs-netdev is a tap that ovs-vswitchd makes with its first userspace bridge and keeps.
  return diffImages(before, await captureHost(lab), { ignoreLinks: ['ovs-netdev'] });
}

function isUnderWay(event: RunEvent): boolean {
  return event.type === 'state' && event.state.startsWith('preparing');
}

function eventsOf(messages: readonly CommandMessage[]): readonly RunEvent[] {
  return messages.flatMap(({ event }) => (event === undefined ? [] : [event]));
}

function outcomeOf(messages: readonly CommandMessage[]): RunOutcome {
  return messages.find(message => message.outcome !== undefined)!.outcome!;
}

function ending(
  { terminal }: Stage,
  outcome: RunOutcome,
  wanted: 'committed' | 'rolledBack',
  seen: Measurement,
): readonly string[] {
  const lines = renderOutcome(outcome, wanted, terminal.outPalette).map(line => `  ${line}`);
  return [...lines, ...renderMeasurement(seen, terminal.outPalette)];
}

function say(terminal: Terminal, object: object, lines: readonly string[]): void {
  if (terminal.json) terminal.object(object);
  else for (const line of lines) terminal.line(line);
}
