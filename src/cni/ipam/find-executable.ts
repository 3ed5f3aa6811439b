import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CNI_CODES, cniError } from '../cni-error.ts';
import { type Environment, invalidEnvironment } from '../environment.ts';

/** Path of a plugin in the folders of CNI_PATH, the first that has it. Throws an error of code 4 without CNI_PATH, of code 104 where none has it. */
export async function findExecutable(name: string, env: Environment): Promise<string> {
  // An empty entry would be the folder that the plugin happens to run in.
  const folders = (env['CNI_PATH'] ?? '').split(':').filter(folder => folder !== '');
  if (folders.length === 0) throw invalidEnvironment(env, ['CNI_PATH']);
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  throw cniError(CNI_CODES.ipamFailed, {
    what: 'the IPAM plugin is not there',
    object: name,
    expected: `a program of that name in ${folders.join(', ')}`,
    got: 'none',
    advice: 'install it, or correct ipam.type of the network configuration',
  });
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
