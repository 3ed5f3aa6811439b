/**
 * Moves a Linux host's uplink onto an Open vSwitch bridge without losing a packet, or puts everything back.
 *
 * Acts on the network namespace that the process is in; needs root. Operational failures are outcomes, never exceptions.
 *
 * @example
 * ```ts
 * import { createEngine } from 'ovs-uplink';
 *
 * await using engine = createEngine({
 *   ovsdb: process.env.OVSDB ?? 'unix:/var/run/openvswitch/db.sock',
 *   stateDir: process.env.STATE_DIR ?? '/var/lib/ovs-uplink',
 * });
 *
 * const run = engine.migrate({ uplink: 'eth0', bridge: 'br-ext', layout: 'host-port', signal: AbortSignal.timeout(60_000) });
 * for await (const event of run) {
 *   if (event.type === 'state') console.log(`${event.atMs.toFixed(1)} ms ${event.state}`);
 *   if (event.type === 'finding') console.log(`${event.finding.code}: ${event.finding.message}`);
 * }
 * const outcome = await run.outcome;
 * console.log(outcome.result, outcome.failure?.what ?? '');
 *
 * if (outcome.result === 'committed') {
 *   const back = await engine.restore({ uplink: 'eth0' }).outcome;
 *   console.log(back.result);
 * }
 * ```
 *
 * @packageDocumentation
 */

export type { Effect, EffectResult } from './domain/effect.ts';
export type { Finding } from './domain/finding.ts';
export type { HostFacts, HostIdentity } from './domain/host-facts.ts';
export type { KernelState } from './domain/kernel-state.ts';
export type { Layout } from './domain/layout.ts';
export { LAYOUTS } from './domain/layout.ts';
export { MOVE_FINDING_CODES } from './domain/move/finding-codes.ts';
export type { MoveWay } from './domain/move/plan.ts';
export type { Attachment, MoveDeadlines } from './domain/move/request.ts';
export type { OvsState } from './domain/ovs-state.ts';
export type { PlannedStep } from './domain/plan.ts';
export type { FindingCode } from './domain/precheck/index.ts';
export { FINDING_CODES } from './domain/precheck/index.ts';
export type { Deadlines, MigrationRequest, Probe } from './domain/request.ts';
export { DEFAULT_DEADLINES } from './domain/request.ts';
export { createEngine } from './engine/create-engine.ts';
export type { Engine, EngineOptions, MigrateOptions } from './engine/engine.ts';
export { DEFAULT_OVSDB, DEFAULT_STATE_DIR } from './engine/host-options.ts';
export type { MoveLinkOptions, Moves, ReturnLinkOptions } from './engine/move/moves.ts';
export type { MoveOutcome, MoveRun } from './engine/move/run.ts';
export type { MoveReport } from './engine/move/status.ts';
export type {
  PlanReport,
  ReadinessReport,
  Run,
  RunEvent,
  RunOutcome,
  RunResult,
  StatusReport,
} from './engine/run.ts';
export type { ErrorCode, ErrorDetails, Failure, UplinkError } from './errors.ts';
export { describeFailure, isUplinkError } from './errors.ts';
export type { Host, HostEvent, MoveAbilities, MoveFacts, Netns, OwnRows, ProbeOutcome } from './host/host.ts';
export type { Inspector, InspectorOptions } from './inspect/inspector.ts';
export { startInspector } from './inspect/inspector.ts';
