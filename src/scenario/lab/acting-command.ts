import { spawn, spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { engineOptions } from '../../cli/open-engine.ts';
import { runAsProgram } from '../../cli/run-as-program.ts';
import { createEngine } from '../../engine/create-engine.ts';
import { enteredStates } from '../host/entered-states.ts';
import { ACTS_VARIABLE, type Act, type ActingOrders, type ActingReport, REPORT_FD, type TimedActs } from './act.ts';
import { awaitDeath } from './await-death.ts';

// A program of its own, run by `run-command.ts` in the host's namespace: the command line as it is, with a log that acts. The engine logs each
// state as it is entered, in the same turn of the event loop, so what happens here happens in exactly that state.

const { timed, entered } = JSON.parse(process.env[ACTS_VARIABLE] ?? '{"timed":[],"entered":{}}') as ActingOrders;
const counts = new Map(Object.entries(entered));
let previous: string | null = null;

function tell(told: ActingReport): void {
  writeSync(REPORT_FD, `${JSON.stringify(told)}\n`);
}

function onLog(line: string): void {
  const { msg, state } = JSON.parse(line) as { readonly msg?: string; readonly state?: string };
  if (msg !== 'state' || state === undefined) return;
  tell({ state, previous });
  const names = enteredStates(state, previous);
  previous = state;
  for (const name of names) {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    for (const each of timed) if (each.state === name && each.nth === nth) strike(each);
  }
}

function strike({ id, afterMs, acts }: TimedActs): void {
  const happen = (): void => {
    tell({ happened: id });
    for (const act of acts) carryOut(act);
  };
  // The real time of a real host: there is no other here.
  if (afterMs === 0) happen();
  else setTimeout(happen, afterMs);
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
    case 'start': {
      const [file = '', ...args] = act.argv;
      spawn(file, args, { stdio: 'ignore' }).on('error', error => tell({ failed: error.message }));
      return;
    }
    case 'run': {
      const [file = '', ...args] = act.argv;
      const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
      if (status !== 0) tell({ failed: `${act.argv.join(' ')}: ${error?.message ?? stderr.trim()}` });
      return;
    }
  }
}

const logger = pino({ level: 'info' }, { write: onLog });
await runAsProgram(async settings => createEngine({ ...engineOptions(settings), logger }));
