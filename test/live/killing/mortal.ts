import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { Run } from '../../../src/engine/run.ts';
import { findLockHolder } from '../../../src/engine/state-lock.ts';
import { createLinuxHost } from '../../../src/host/linux-host.ts';
import { tellEveryEffect, tellJournalWrites } from './points.ts';
import type { Command, Death, Reply } from './protocol.ts';

// A process of its own in the lab's host namespace: does what it is told on standard input and kills itself (SIGKILL, so nothing is cleaned
// up) at the instant that it is told. Arguments: OVSDB remote, state folder.

const [ovsdb = '', stateDir = ''] = process.argv.slice(2);
const times = new Map<string, number>();
let points: string[] = [];
let death: Death | undefined;

/** Synchronous: after `killed` the reader must have it. */
function tell(reply: Reply): void {
  writeSync(1, `${JSON.stringify(reply)}\n`);
}

function onPoint(name: string): void {
  const nth = (times.get(name) ?? 0) + 1;
  times.set(name, nth);
  const point = nth === 1 ? name : `${name}#${nth}`;
  points.push(point);
  if (point !== death) return;
  tell({ type: 'killed', point });
  process.kill(process.pid, 'SIGKILL');
}

// The engine logs a state as it is entered, in the same turn of the event loop: what happens here happens in exactly that state.
const logger = pino(
  { level: 'info' },
  {
    write(line: string) {
      const entry = JSON.parse(line) as { readonly msg?: string; readonly state?: string };
      if (entry.msg === 'state') onPoint(`state ${entry.state}`);
    },
  },
);

async function follow(runs: readonly Run[]): Promise<void> {
  const outcomes = await Promise.all(
    runs.map(async run => {
      for await (const event of run) {
        if (event.type === 'confirm-window') tell({ type: 'window', remainingMs: event.remainingMs });
      }
      return run.outcome;
    }),
  );
  tell({ type: 'ended', outcomes, points });
}

async function carryOut(command: Command): Promise<void> {
  await using host = createLinuxHost({ ovsdb });
  await using engine = createEngine({ ovsdb, stateDir, logger, host: tellEveryEffect(host, onPoint) });
  points = [];
  times.clear();
  death = 'die' in command ? command.die : undefined;
  switch (command.do) {
    case 'migrate':
      return await follow([engine.migrate(command.options)]);
    case 'restore':
      return await follow([engine.restore({ uplink: command.uplink })]);
    case 'recover':
      return await follow(
        await engine.recover(command.deadlines === undefined ? {} : { deadlines: command.deadlines }),
      );
    case 'status':
      return tell({ type: 'status', reports: await engine.status(), lockHolder: findLockHolder(stateDir) });
  }
}

tellJournalWrites(stateDir, onPoint);
tell({ type: 'ready' });
// node would do so at its exit, which never comes.
flushCompileCache();
for await (const line of createInterface({ input: process.stdin })) {
  await carryOut(JSON.parse(line) as Command).catch((error: Error) =>
    tell({ type: 'failed', error: error.stack ?? error.message }),
  );
}
