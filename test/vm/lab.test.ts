import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { labEnvironment } from '../lab/command.ts';
import { sweepStaleLabs } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { awaitDeath } from '../live/guarding/await-death.ts';
import { vmNeeds } from './needs.ts';

const BOOTING = fileURLToPath(new URL('./boot-and-wait.ts', import.meta.url));
const LIMIT_MS = 60_000;

describeLive(
  'a VM',
  () => {
    it(
      'is gone with the process that booted it, also when that is killed with SIGKILL',
      async () => {
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', BOOTING], {
          env: labEnvironment(),
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const pid = await new Promise<number>((resolve, reject) => {
          createInterface({ input: child.stdout }).once('line', line => resolve(Number(line)));
          child.once('exit', code => reject(new Error(`it ended with ${code} before QEMU ran`)));
        });
        child.kill('SIGKILL');
        expect(await awaitDeath(pid, LIMIT_MS)).toBe(true);
        sweepStaleLabs(); // its folder
      },
      2 * LIMIT_MS,
    );
  },
  await vmNeeds(),
);
