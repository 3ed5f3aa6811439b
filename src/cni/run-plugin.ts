import { toCniError } from './cni-error.ts';
import { add } from './commands/add.ts';
import { check } from './commands/check.ts';
import type { CommandContext } from './commands/context.ts';
import { del } from './commands/del.ts';
import { gc } from './commands/gc.ts';
import { status } from './commands/status.ts';
import { readJson, versionFor } from './config/network-config.ts';
import type { OpenMover } from './device-mover.ts';
import { type Environment, type Invocation, readInvocation } from './environment.ts';
import { createExec, type Exec } from './ipam/exec-plugin.ts';
import { readInput } from './read-input.ts';
import type { TextSink } from './text-sink.ts';
import { type CniVersion, NEWEST_VERSION, SUPPORTED_VERSIONS } from './version.ts';

/** What a run of the plugin is given. */
export interface PluginRun {
  readonly env: Environment;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Gets the result or the error object, in one write. */
  readonly stdout: TextSink;
  /** Gets what IPAM plugins write there; the process's own unless told. */
  readonly stderr?: TextSink;
  /** Opened when it is needed, at most once, and closed again. */
  readonly openMover: OpenMover;
  /** How IPAM plugins are run. */
  readonly exec?: Exec;
  /** The folder that /sys is below. */
  readonly root?: string;
}

const VERSION_FORM = /^\d{1,5}(\.\d{1,5}){2}$/;

/**
 * One run of the CNI plugin: a command by environment and stdin, as the specification 1.1.0 has it. Resolves with the exit code: 0, or 1 with an
 * error object on stdout. Never rejects.
 */
export async function runPlugin(run: PluginRun): Promise<number> {
  // Of the configuration, as soon as that is known.
  let version: CniVersion = NEWEST_VERSION;
  try {
    const invocation = readInvocation(run.env);
    const input = await readInput(run.stdin);
    if (invocation.command === 'VERSION') {
      print(run.stdout, versionResult(input));
      return 0;
    }
    const config = readJson(input);
    version = versionFor(invocation.command, config);
    const context: CommandContext = {
      config,
      version,
      input,
      env: run.env,
      exec: run.exec ?? createExec(),
      stderr: run.stderr ?? process.stderr,
      openMover: run.openMover,
      root: run.root ?? '/',
    };
    if (invocation.command === 'ADD') print(run.stdout, await add(context, invocation));
    else await runWithoutResult(invocation, context);
    return 0;
  } catch (error) {
    run.stdout.write(describeError(error, version));
    return 1;
  }
}

function runWithoutResult(
  invocation: Exclude<Invocation, { command: 'ADD' | 'VERSION' }>,
  context: CommandContext,
): Promise<void> {
  switch (invocation.command) {
    case 'CHECK':
      return check(context, invocation);
    case 'DEL':
      return del(context, invocation);
    case 'GC':
      return gc(context);
    case 'STATUS':
      return status(context);
  }
}

/** Says the version that it was asked with, whatever that is; a runtime that says none is told all the same. */
function versionResult(input: Uint8Array): object {
  const asked = input.length === 0 ? undefined : readJson(input);
  const given = typeof asked === 'object' && asked !== null && 'cniVersion' in asked ? asked.cniVersion : undefined;
  const cniVersion = typeof given === 'string' && VERSION_FORM.test(given) ? given : NEWEST_VERSION;
  return { cniVersion, supportedVersions: SUPPORTED_VERSIONS };
}

/** Whatever was thrown, as the text of CNI's error object. */
export function describeError(thrown: unknown, cniVersion: CniVersion = NEWEST_VERSION): string {
  const { code, message, details } = toCniError(thrown);
  return textOf({ cniVersion, code, msg: message, ...(details === '' ? {} : { details }) });
}

function print(stdout: TextSink, value: object): void {
  stdout.write(textOf(value));
}

function textOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
