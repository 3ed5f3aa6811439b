// The one program that runs in the guest: carries out scenarios that the host names, one after another, until the host is gone.
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { release } from 'node:os';
import { createInterface } from 'node:readline';
import { describeFailure, isUplinkError, toFailure } from '../../../src/errors.ts';
import { GUEST_CHANNEL } from '../initramfs.ts';
import type { Reply, Request } from './protocol.ts';
import { scenarios } from './scenarios.ts';

/** Whole before anything else is done: a port takes a part of a line where its queue is full. */
function tell(reply: Reply): void {
  const line = Buffer.from(`${JSON.stringify(reply)}\n`);
  for (let sent = 0; sent < line.length; ) sent += writeSync(GUEST_CHANNEL, line, sent);
}

function describe(error: unknown): string {
  if (isUplinkError(error)) return `${describeFailure(toFailure(error))}\n${error.stack ?? ''}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

// node would do so at its exit, and the guest is switched off.
flushCompileCache();
tell({ type: 'ready', release: release() });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, scenario, options } = JSON.parse(line) as Request;
  const carryOut = (scenarios as Record<string, (options: never) => Promise<unknown>>)[scenario];
  try {
    if (carryOut === undefined) throw new Error(`the guest has no scenario ${scenario}`);
    tell({ type: 'done', id, result: await carryOut(options as never) });
  } catch (error) {
    tell({ type: 'failed', id, error: describe(error) });
  }
}
process.exit(0);
