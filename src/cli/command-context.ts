import type { LinkLists } from '../domain/link-patterns.ts';
import type { Engine, MigrateOptions } from '../engine/engine.ts';
import type { MoveLinkOptions } from '../engine/move/moves.ts';
import type { ExitCode } from './exit-code.ts';
import { usageError } from './parse/usage-error.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Everything that a command works with. */
export interface CommandContext {
  readonly settings: Settings;
  /** Arguments that are no options; absent for a command that takes none. */
  readonly operands?: readonly string[];
  readonly terminal: Terminal;
  /** Makes the engine that the settings describe. The command closes it. */
  openEngine(): Promise<Engine>;
  /** Runs another command line in this process, as `runCli` does, with engines that the caller makes. */
  readonly runCommandLine?: (
    argv: readonly string[],
    createEngine: (settings: Settings, terminal: Terminal) => Promise<Engine>,
  ) => Promise<ExitCode>;
}

/** A command: does its work and returns what the process ends with. Rejects with an `UplinkError` when it could not begin. */
export type CommandFunction = (context: CommandContext) => Promise<ExitCode>;

/** Opens the engine, uses it, closes it. */
export async function withEngine<T>(context: CommandContext, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await context.openEngine();
  try {
    return await use(engine);
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

/** A setting that the command's description says is required; `resolveSettings` has checked that it is there. */
export function requireSetting<K extends keyof Settings>(settings: Settings, name: K): NonNullable<Settings[K]> {
  const value = settings[name];
  if (value === undefined || value === null) throw usageError('missing setting', { object: name });
  return value;
}

/** The engine's options for `plan` and `migrate`. Rejects with `USAGE` for a kubeconfig that cannot be read. */
export async function migrateOptions(settings: Settings): Promise<MigrateOptions> {
  const { layout, datapath, probe, confirmWithin, useExistingBridge, accept, clearFlowRestoreWait, writeLinkPolicy } =
    settings;
  const links = linkLists(settings);
  const apiServer = await apiServerOf(settings);
  const ports = portOptions(settings);
  const bond = bondOptions(settings);
  return {
    uplink: requireSetting(settings, 'interface'),
    bridge: requireSetting(settings, 'bridge'),
    ...(layout !== undefined && { layout }),
    ...(datapath !== undefined && { datapath }),
    ...(probe !== undefined && { probes: probe }),
    ...(confirmWithin !== undefined && { confirmWithinMs: confirmWithin }),
    ...(useExistingBridge !== undefined && { useExistingBridge }),
    ...(accept !== undefined && { accept }),
    ...(links.length > 0 && { links }),
    ...(apiServer !== undefined && { apiServer }),
    ...(clearFlowRestoreWait !== undefined && { clearFlowRestoreWait }),
    ...(writeLinkPolicy !== undefined && { writeLinkPolicy }),
    ...(ports !== undefined && { ports }),
    ...(bond !== undefined && { bond }),
    ...deadlineOptions(settings),
  };
}

function portOptions({ trunks, tag, vlanMode, hostPortTag }: Settings): MigrateOptions['ports'] {
  const hasUplink = trunks !== undefined || tag !== undefined || vlanMode !== undefined;
  if (!hasUplink && hostPortTag === undefined) return undefined;
  return {
    uplink: {
      ...(trunks !== undefined && { trunks: trunks.flat() }),
      ...(tag !== undefined && { tag }),
      ...(vlanMode !== undefined && { vlanMode }),
    },
    ...(hostPortTag !== undefined && { hostPort: { tag: hostPortTag } }),
  };
}

function bondOptions({ bondMember, bondMode }: Settings): MigrateOptions['bond'] {
  if (bondMember !== undefined) return { members: bondMember, ...(bondMode !== undefined && { mode: bondMode }) };
  if (bondMode === undefined) return undefined;
  throw usageError('a bond of the uplink alone', {
    object: bondMode,
    expected: 'links that form the bond with the uplink',
    advice: 'name each with --bond-member',
  });
}

/** The lists of the configuration file and those of the command line: each must let the link through. */
export function linkLists({ links, protectLink, allowLink }: Settings): readonly LinkLists[] {
  const given: LinkLists = { from: 'the command line', protect: protectLink ?? [], allow: allowLink ?? null };
  return [
    ...(links === undefined ? [] : [links]),
    ...(protectLink === undefined && allowLink === undefined ? [] : [given]),
  ];
}

async function apiServerOf({ apiServer, kubeconfig }: Settings): Promise<MigrateOptions['apiServer']> {
  if (apiServer === undefined && kubeconfig === undefined) return undefined;
  const { findApiServer } = await import('../host/linux-api-server.ts');
  return findApiServer({
    ...(apiServer !== undefined && { apiServer }),
    ...(kubeconfig !== undefined && { kubeconfig }),
  });
}

/** The `deadlines` option of moves of links. */
export function moveDeadlines({ stepTimeout }: Settings): Pick<MoveLinkOptions, 'deadlines'> {
  return stepTimeout === undefined ? {} : { deadlines: { stepMs: stepTimeout } };
}

/** The engine's `deadlines` option; absent where the settings say nothing. */
export function deadlineOptions(settings: Settings): Pick<MigrateOptions, 'deadlines'> {
  const { stepTimeout, gateTimeout, probeTimeout } = settings;
  if (stepTimeout === undefined && gateTimeout === undefined && probeTimeout === undefined) return {};
  return {
    deadlines: {
      ...(stepTimeout !== undefined && { stepMs: stepTimeout }),
      ...(gateTimeout !== undefined && { gateMs: gateTimeout }),
      ...(probeTimeout !== undefined && { probeMs: probeTimeout }),
    },
  };
}
