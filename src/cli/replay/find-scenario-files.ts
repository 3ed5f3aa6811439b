import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { uplinkError } from '../../errors.ts';

/** Files of ours that stand among scenarios, and are none. */
const OTHER_KIND = /^kind:\s*["']?(Host|Exploration)["']?\s*(#.*)?$/m;

/**
 * The scenarios that a path names: the file itself, or all `.yaml` files in and below a folder, sorted. In a folder, host descriptions and cases
 * of the exploration are passed over. Rejects with `USAGE` when there is nothing.
 */
export async function findScenarioFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const kept = await filesBelow(path);
    if (kept.length > 0) return kept;
  } catch (error) {
    const got = (error as Error).message;
    throw uplinkError('USAGE', { what: 'cannot read', object: path, expected: 'a file or folder', got });
  }
  throw uplinkError('USAGE', { what: 'no scenario', object: path, expected: 'files that end with .yaml' });
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(entry => entry.isFile() && isScenarioFile(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
  const kept: string[] = [];
  for (const file of files) if (!OTHER_KIND.test(await readFile(file, 'utf8'))) kept.push(file);
  return kept;
}

/** Whether a file of that name may be a scenario. */
export function isScenarioFile(name: string): boolean {
  return /\.ya?ml$/.test(name);
}
