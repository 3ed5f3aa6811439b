import type { Scenario } from '../scenario.ts';

/** Why the lab cannot play a scenario whatever machine it is on; null when it can, as far as that is known before. */
export function reasonToSkip(scenario: Scenario): string | null {
  if (scenario.kind !== 'HostScenario') return `a ${scenario.kind} has no host; the lab plays host scenarios`;
  const { needs, happens } = scenario;
  if (happens.some(happening => 'fault' in happening)) {
    return 'a fault of a single operation is only possible on the simulated host';
  }
  if (happens.some(({ when }) => !('state' in when))) {
    return 'on the lab, things happen at states; at operations and virtual times only on the simulated host';
  }
  if (!needs.includes('lab')) return 'it does not say that it passes there (needs: [lab])';
  if (needs.includes('udev')) return 'no udev runs on the lab';
  return null;
}
