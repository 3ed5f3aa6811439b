import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { engineOptions } from '../../../src/cli/open-engine.ts';
import { runAsProgram } from '../../../src/cli/run-as-program.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';
import { awaitDeath } from '../../../src/scenario/lab/await-death.ts';
import { type Act, INCIDENT_FAILED, INCIDENT_MARK, INCIDENTS_VARIABLE, type Incident } from './act.ts';

// The command line as it is, with a log that acts: the engine logs each state as it is entered, in the same turn of the event loop, so
// what happens here happens in exactly that state. Run by `runActing` as a process of its own in the host's namespace.

const incidents = JSON.parse(process.env[INCIDENTS_VARIABLE] ?? '[]') as Incident[];

function onLog(line: string): void {
  const entry = JSON.parse(line) as { readonly msg?: string; readonly state?: string };
  const index = entry.msg === 'state' ? incidents.findIndex(incident => incident.state === entry.state) : -1;
  const [incident] = index < 0 ? [] : incidents.splice(index, 1);
  if (incident === undefined) return;
  for (const act of incident.acts) carryOut(act);
  writeSync(2, `${INCIDENT_MARK} ${incident.state}\n`);
}

function carryOut(act: Act): void {
  switch (act.kind) {
    case 'stop':
      process.kill(process.pid, act.signal);
      return;
    case 'signal':
      process.kill(act.pid, act.signal);
      if (act.signal === 'SIGKILL') awaitDeath(act.pid);
      return;
    case 'run': {
      const [file = '', ...args] = act.argv;
      const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
      if (status !== 0) writeSync(2, `${INCIDENT_FAILED} ${act.argv.join(' ')}: ${error?.message ?? stderr}\n`);
      return;
    }
  }
}

const logger = pino({ level: 'info' }, { write: onLog });
await runAsProgram(async settings => createEngine({ ...engineOptions(settings), logger }));
