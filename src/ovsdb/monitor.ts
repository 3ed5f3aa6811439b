import { type UplinkError, uplinkError } from '../errors.ts';
import { type MonitorPlan, monitorRequests } from './monitor-plan.ts';
import type { RowChange, RowStore } from './replica.ts';
import { type ServerLink, unanswered } from './server-link.ts';
import { refused } from './transaction.ts';

/** The id of no transaction: "send everything". Standalone databases never report another (facts: blocks.md §4.4). */
export const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000';

/** A monitor on one connection. */
export interface MonitorTask {
  readonly id: string;
  readonly database: string;
  readonly plan: MonitorPlan;
  readonly store: RowStore;
  /** The last transaction that the store has seen; kept over reconnects. */
  lastTransaction: string;
  readonly onSynced: (changes: RowChange[], how: 'download' | 'resumed') => void;
  readonly onChanges: (changes: RowChange[]) => void;
  /** The server refused it; the connection goes on. */
  readonly onRefused: (error: UplinkError) => void;
  /** What the server sent makes no sense: the copy cannot be trusted any more. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Starts a monitor, with the newest of monitor_cond_since, monitor_cond (ovsdb-server(7)) and monitor (RFC 7047 §4.1.5)
 * that the server knows. Everything is done in the reply's own call, so that an update which follows in the same chunk finds the
 * store filled.
 */
export function startMonitor(link: ServerLink, task: MonitorTask): void {
  const { monitorMethod: method } = link;
  if (method === 'monitor' && task.plan.conditional) {
    task.onRefused(
      uplinkError('UNSUPPORTED', {
        what: 'this OVSDB server cannot monitor with conditions',
        object: link.remote,
        expected: 'monitor_cond (Open vSwitch 2.6 or later)',
        got: 'monitor only',
      }),
    );
    return;
  }
  const params: unknown[] = [task.database, task.id, monitorRequests(task.plan)];
  if (method === 'monitor_cond_since') params.push(task.lastTransaction);
  link.monitors.set(task.id, (notification, args) => takeUpdate(task, notification, args));
  link.monitorsPending++;
  link.session.request(method, params, reply => {
    link.monitorsPending--;
    if (reply.kind === 'result') {
      guard(task, () => takeInitial(task, method, reply.result));
      return;
    }
    link.monitors.delete(task.id);
    if (reply.kind === 'ended') return;
    if (reply.kind !== 'error') {
      task.onRefused(unanswered(link, method, reply, false));
    } else if (isUnknownMethod(reply.error) && method !== 'monitor') {
      link.monitorMethod = method === 'monitor_cond_since' ? 'monitor_cond' : 'monitor';
      startMonitor(link, task);
    } else {
      task.onRefused(refused(`${method} of ${task.database}`, reply.error));
    }
  });
}

/** Ends a monitor; updates that are still on their way are ignored. */
export function stopMonitor(link: ServerLink, id: string): void {
  // The id stays known until the server confirms, so that updates on their way are no error.
  link.monitors.set(id, () => {});
  link.session.request('monitor_cancel', [id], () => link.monitors.delete(id));
}

function takeInitial(task: MonitorTask, method: string, result: unknown): void {
  if (method !== 'monitor_cond_since') {
    task.lastTransaction = NO_TRANSACTION;
    task.onSynced(task.store.replace(method === 'monitor' ? 1 : 2, result), 'download');
    return;
  }
  if (!Array.isArray(result) || typeof result[1] !== 'string') throw malformed(result);
  const [found, lastTransaction, updates] = result;
  // With found the reply is the gap, merged into one update; without, everything there is.
  const changes = found === true ? task.store.apply(2, updates) : task.store.replace(2, updates);
  task.lastTransaction = lastTransaction;
  task.onSynced(changes, found === true ? 'resumed' : 'download');
}

function takeUpdate(task: MonitorTask, notification: string, args: readonly unknown[]): void {
  guard(task, () => {
    let changes: RowChange[];
    if (notification === 'update3') {
      changes = task.store.apply(2, args[2]);
      if (typeof args[1] === 'string') task.lastTransaction = args[1];
    } else {
      changes = task.store.apply(notification === 'update' ? 1 : 2, args[1]);
    }
    if (changes.length > 0) task.onChanges(changes);
  });
}

function guard(task: MonitorTask, act: () => void): void {
  try {
    act();
  } catch (error) {
    // What is known cannot be trusted: the next connection downloads everything.
    task.lastTransaction = NO_TRANSACTION;
    task.onBroken(error);
  }
}

/** ovsdb-server sends the text, or since 2.6 an object for some commands; both say `unknown method`. */
function isUnknownMethod(error: unknown): boolean {
  const text = typeof error === 'object' && error !== null && 'error' in error ? error.error : error;
  return text === 'unknown method';
}

function malformed(result: unknown): UplinkError {
  return uplinkError('OVSDB_PROTOCOL', {
    what: 'the server answered monitor_cond_since with something else than [found, id, updates]',
    got: String(JSON.stringify(result)).slice(0, 200),
  });
}
