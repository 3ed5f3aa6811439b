import type { Scenario } from '../scenario.ts';
import { createHostReader, type HostReader } from './host-reader.ts';
import { parseScenarios } from './parse-scenario.ts';
import { readScenarioText } from './read-scenario-text.ts';

/**
 * Reads the scenario in a file: several only when it repeats over values, and these are named `name[key=value]`. Rejects with one `USAGE` error that
 * begins with `file:line:column`: of the scenario, or of the host description that it includes. `hosts` may be shared among files.
 */
export async function loadScenarios(
  path: string,
  hosts: HostReader = createHostReader(),
): Promise<readonly Scenario[]> {
  return await parseScenarios(await readScenarioText(path), path, hosts);
}
