import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { YamlSource } from '../../host/simulated/description/yaml-source.ts';
import type { MoveCase } from '../../verify/explore/moves/move-case.ts';
import type { MoveScenario } from '../scenario.ts';
import { buildHead } from './build-head.ts';
import type { MoveScenarioDocument } from './schema/move-scenario.ts';

/** Makes a scenario of its document. Throws `USAGE` where the host has no such link. */
export function buildMoveScenario(
  document: MoveScenarioDocument,
  host: HostDescription,
  source: YamlSource,
): MoveScenario {
  const { move, faults, incidents, expect } = document;
  const { link = host.uplink, ...how } = move;
  const names = host.kernel.links.map(one => one.name);
  if (!names.includes(link)) {
    throw source.errorAt(['move', 'link'], 'no such link', { expected: `one of ${names.join(', ')}`, got: link });
  }
  // The shapes have what each kind of incident has; their parameters are known by its name only.
  const planned = { host: host.name, link, ...how, faults, incidents } as unknown as MoveCase;
  return {
    kind: 'MoveScenario',
    ...buildHead(document, source),
    host,
    planned,
    ends: expect.ends,
    endsPlace: source.placeOf(['expect', 'ends']),
  };
}
