import { createInterface } from 'node:readline';
import type { Lab } from '../../../test/lab/lab.ts';
import { uplinkError } from '../../errors.ts';

/** Port of {@link startService}. */
export const SERVICE_PORT = 7777;

const PROGRAM = `require('node:net').createServer(s => s.end()).listen(${SERVICE_PORT}, '::', () => console.log('listening'))`;

/** Starts a TCP service on the far host; resolves with what makes it vanish. Rejects with `UNSUPPORTED` when it does not start. */
export async function startService(lab: Lab): Promise<() => void> {
  const child = lab.spawn(lab.farNs, [process.execPath, '-e', PROGRAM], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', () => resolve());
    child.once('exit', code =>
      reject(uplinkError('UNSUPPORTED', { what: 'service did not start', got: `exit ${code}` })),
    );
    child.once('error', reject);
  });
  return () => child.kill('SIGKILL');
}
