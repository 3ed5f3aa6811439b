/** An OVSDB client (RFC 7047 and ovsdb-server(7)): usable on its own, for any database. */

export { createOvsdbClient } from './client.ts';
export type {
  ClientOptions,
  OvsdbClient,
  OvsdbCounters,
  OvsdbEvent,
  OvsdbState,
  WaitLimits,
} from './client-types.ts';
export type { TlsFiles } from './dial.ts';
export type { LockEvent, OvsdbLock } from './lock.ts';
export type { MonitorRequest, MonitorTable } from './monitor-plan.ts';
export { type AppliedTransaction, transactApplied, transactBumped, waitApplied } from './next-cfg.ts';
export { monitorOpenVswitch, OPEN_VSWITCH_COLUMNS, type OpenVswitchMonitor } from './open-vswitch.ts';
export {
  type AtomInput,
  assertLock,
  type Condition,
  comment,
  commit,
  deleteRows,
  insert,
  type Mutation,
  mutate,
  type NamedUuid,
  namedUuid,
  type Operation,
  type RowInput,
  select,
  update,
  type ValueInput,
  wait,
} from './operation.ts';
export { formatRemote, OVSDB_PORT, parseRemotes, type Remote } from './remote.ts';
export type { Replica, RowChange } from './replica.ts';
export type { AtomType, ColumnSchema, ColumnShape, DatabaseSchema, TableSchema } from './schema.ts';
export { isOutcomeUnknown } from './server-link.ts';
export type { OperationResult } from './transaction.ts';
export type { Atom, Row, Value } from './value.ts';
