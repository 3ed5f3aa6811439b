import type { MigrationEntry } from '../../machines/uplink-migration-types.ts';
import type { Bond, BondOptions } from '../domain/bond.ts';
import { BOND_MODES } from '../domain/bond.ts';
import { diagnose } from '../domain/doctor.ts';
import { LAYOUTS } from '../domain/layout.ts';
import { MAX_LINK_NAME_LENGTH } from '../domain/link.ts';
import { completePorts } from '../domain/port-spec.ts';
import type { MigrationRequest } from '../domain/request.ts';
import { DEFAULT_DEADLINES } from '../domain/request.ts';
import type { Failure } from '../errors.ts';
import { toFailure, toUplinkError, uplinkError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { createLinuxHost } from '../host/linux-host.ts';
import { awaitReadiness } from './await-readiness.ts';
import { underOvsdbLimit } from './clock.ts';
import { endedRun } from './ended-run.ts';
import type { Engine, EngineOptions, MigrateOptions } from './engine.ts';
import { chooseGuards } from './guard/choose-guards.ts';
import { guardInspection } from './guard-inspection.ts';
import { DEFAULT_STATE_DIR, hostOptions } from './host-options.ts';
import type { JournalRecord, JournalStage } from './journal/record.ts';
import { assess } from './migration/assess.ts';
import { describePlan } from './migration/describe-plan.ts';
import { startRun } from './migration/run.ts';
import { createSession } from './migration/session.ts';
import { createMoves } from './move/moves.ts';
import type { Run } from './run.ts';
import { statusOf } from './status.ts';
import type { Surroundings } from './surroundings.ts';
import { createSurroundings } from './surroundings.ts';

const NEVER = new AbortController().signal;

/**
 * Makes an engine for this host and network namespace. Nothing is opened before the first call; close it with
 * `await using`, or `[Symbol.asyncDispose]()`.
 */
export function createEngine(options: EngineOptions = {}): Engine {
  const stateDir = options.stateDir ?? DEFAULT_STATE_DIR;
  const surroundings = createSurroundings(stateDir, chooseGuards(stateDir, options));
  const { inspect } = options;
  const seen = inspect === undefined ? surroundings : { ...surroundings, inspect: guardInspection(inspect) };
  return createEngineIn(seen, options);
}

/** The engine in given surroundings, which may be simulated. */
export function createEngineIn(surroundings: Surroundings, options: EngineOptions): Engine {
  const { clock, store } = surroundings;
  let host: Host | undefined;

  const hostOf = (): Host => {
    host ??= options.host ?? createLinuxHost(hostOptions(options));
    return host;
  };

  const resumeRun = (
    journal: JournalRecord,
    request: MigrationRequest,
    how: Partial<Parameters<typeof startRun>[0]>,
  ): Run => {
    const session = createSession(hostOf(), surroundings, journal.id);
    session.adopt(journal);
    return startRun({
      session,
      request,
      entry: entryOf(journal.stage),
      journal,
      restore: false,
      accept: [],
      after: Promise.resolve(),
      logger: options.logger,
      signal: undefined,
      ...how,
    });
  };

  return {
    ...createMoves(hostOf, surroundings, options.logger),
    async plan(migrateOptions) {
      const request = requestOf(migrateOptions, options.guard);
      const journal = await store.read(request.uplink);
      const signal = migrateOptions.signal ?? NEVER;
      const id = surroundings.newId();
      const lockHolder = surroundings.findLockHolder();
      const assessed = await assess({ host: hostOf(), clock, request, id, journal, lockHolder, signal });
      const isPlanned = assessed.verdict === 'proceed' && assessed.plan !== null && assessed.snapshot !== null;
      return {
        request,
        findings: assessed.findings,
        steps: isPlanned ? await describePlan(hostOf(), assessed) : null,
        alreadyDone: assessed.verdict === 'done',
        refused: assessed.verdict === 'refuse',
      };
    },
    migrate(migrateOptions) {
      const request = requestOf(migrateOptions, options.guard);
      return startRun({
        session: createSession(hostOf(), surroundings, surroundings.newId()),
        request,
        entry: 'assessing',
        journal: undefined,
        restore: false,
        accept: [],
        after: Promise.resolve(),
        logger: options.logger,
        signal: migrateOptions.signal,
      });
    },
    async confirm(uplink) {
      await surroundings.sendControl(uplink, 'confirm');
    },
    async abort(uplink) {
      await surroundings.sendControl(uplink, 'abort');
    },
    restore({ uplink, deadlines, accept, signal }) {
      return endedRun(uplink, async () => {
        const journal = await store.read(uplink);
        if (journal === undefined) throw missing(uplink, store.directory);
        const request = { ...journal.request, deadlines: { ...journal.request.deadlines, ...deadlines } };
        return resumeRun(journal, request, { restore: true, accept: accept ?? [], signal });
      });
    },
    async recover({ deadlines, signal } = {}) {
      const runs: Run[] = [];
      for (const entry of await store.list()) {
        // One after another: they share the lock of the state folder.
        const before = runs.at(-1)?.outcome ?? Promise.resolve();
        if ('failure' in entry) {
          runs.push(endedRun(entry.uplink, () => Promise.reject(toUplinkError(entry.failure))));
        } else if (entry.record.stage !== 'committed') {
          const { record } = entry;
          const request = { ...record.request, deadlines: { ...record.request.deadlines, ...deadlines } };
          runs.push(resumeRun(record, request, { after: before, signal }));
        }
      }
      return runs;
    },
    async status() {
      const entries = await store.list();
      return await Promise.all(entries.map(entry => statusOf(entry, hostOf(), surroundings)));
    },
    waitForOvs(waitOptions = {}) {
      return awaitReadiness(hostOf(), clock, waitOptions);
    },
    async doctor(uplink) {
      const facts = await hostOf().readFacts(uplink ?? 'lo');
      let ovsFailure: Failure | null = null;
      const ovs = await underOvsdbLimit(clock, 3_000, undefined, limited => hostOf().connectOvs(limited)).catch(
        error => {
          ovsFailure = toFailure(error);
          return undefined;
        },
      );
      const kernel = await hostOf().readKernel({ routes: true });
      return diagnose({ kernel, ovs, ovsFailure, facts, ...(uplink === undefined ? {} : { uplink }) });
    },
    async [Symbol.asyncDispose]() {
      const opened = host;
      host = undefined;
      // A host that was handed in is its owner's to close.
      if (opened !== undefined && opened !== options.host) await opened[Symbol.asyncDispose]();
    },
  };
}

function missing(uplink: string, directory: string): Error {
  return uplinkError('JOURNAL_MISSING', {
    what: 'there is nothing to restore',
    object: uplink,
    expected: `a journal of ${uplink} in ${directory}`,
    got: 'none',
    advice: 'see `ovs-uplink status`; was it migrated with another --state-dir?',
  });
}

/** Where a run that died goes on: whatever was not fully in place is put back. */
function entryOf(stage: JournalStage): MigrationEntry {
  switch (stage) {
    case 'preparing':
    case 'cuttingOver':
    case 'rollingBack':
    case 'rowsPending':
      return 'rollingBack';
    case 'verifying':
    case 'confirming':
    case 'committed':
      return stage;
  }
}

/** Throws `USAGE` for what no link can be called. */
function checkName(what: string, name: string): void {
  const isName = typeof name === 'string' && name !== '.' && name !== '..' && /^[^\s/]+$/.test(name);
  if (isName && Buffer.byteLength(name) <= MAX_LINK_NAME_LENGTH) return;
  throw uplinkError('USAGE', {
    what: `not a name for the ${what}`,
    object: String(name),
    expected: `1 to ${MAX_LINK_NAME_LENGTH} bytes without white space and "/"`,
  });
}

function bondOf(uplink: string, { members, mode = 'active-backup' }: BondOptions): Bond {
  for (const member of members) checkName('member of the bond', member);
  if (!BOND_MODES.includes(mode)) {
    throw uplinkError('USAGE', {
      what: 'no such bond mode',
      object: mode,
      expected: `one of ${BOND_MODES.join(', ')}`,
    });
  }
  const twice = [uplink, ...members].find((name, at, all) => all.indexOf(name) !== at);
  if (members.length > 0 && twice === undefined) return { mode, members };
  throw uplinkError('USAGE', {
    what: twice === undefined ? 'a bond of the uplink alone' : 'a link is in the bond twice',
    object: twice ?? uplink,
    expected: 'other links than the uplink, each once',
  });
}

function requestOf(options: MigrateOptions, guard: EngineOptions['guard']): MigrationRequest {
  for (const [what, name] of [
    ['uplink', options.uplink],
    ['bridge', options.bridge],
  ] as const) {
    checkName(what, name);
  }
  const layout = options.layout ?? 'host-port';
  if (!LAYOUTS.includes(layout)) {
    throw uplinkError('USAGE', { what: 'no such layout', object: layout, expected: `one of ${LAYOUTS.join(', ')}` });
  }
  const ports = completePorts(options.ports ?? {});
  const bond = options.bond === undefined ? undefined : bondOf(options.uplink, options.bond);
  return {
    uplink: options.uplink,
    bridge: options.bridge,
    layout,
    datapath: options.datapath ?? null,
    probes: options.probes ?? [{ kind: 'gateway' }],
    confirmWithinMs: options.confirmWithinMs ?? null,
    useExistingBridge: options.useExistingBridge ?? false,
    accept: options.accept ?? [],
    deadlines: { ...DEFAULT_DEADLINES, ...options.deadlines },
    ...(options.links !== undefined && { links: options.links }),
    ...(options.apiServer !== undefined && { apiServer: options.apiServer }),
    ...(options.clearFlowRestoreWait !== undefined && { clearFlowRestoreWait: options.clearFlowRestoreWait }),
    ...(options.writeLinkPolicy !== undefined && { writeLinkPolicy: options.writeLinkPolicy }),
    ...(ports !== undefined && { ports }),
    ...(bond !== undefined && { bond }),
    ...(guard !== undefined && { guard }),
  };
}
