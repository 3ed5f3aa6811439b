import type { OvsReadinessOutput } from '../../../machines/ovs-readiness.ts';
import type { Assessment, MigrationContext, MigrationEvent } from '../../../machines/uplink-migration-types.ts';
import { IFA_F_DADFAILED } from '../../domain/address.ts';
import type { Failure } from '../../errors.ts';
import { toFailure } from '../../errors.ts';
import { outputOf } from './guards.ts';
import { statePath } from './state-path.ts';

/** What an action of the chart is given. */
export interface ActionArgs {
  readonly context: MigrationContext;
  readonly event: MigrationEvent;
  readonly self: { getSnapshot(): { readonly value: unknown } };
}

/** The error of an actor that failed, or of a lock or a guard that was lost. */
export function errorOf({ event }: ActionArgs): Failure {
  if (event.type === 'engine.lock.lost' || event.type === 'engine.guard.lost') return event.failure;
  return toFailure((event as unknown as { readonly error: unknown }).error);
}

/** The error of the way back: an actor's, or a deadline. */
export function strandingOf(args: ActionArgs): Failure {
  return 'error' in args.event ? errorOf(args) : deadlineOf(args);
}

/** Why there is no guard, or none that is proven to be gone. */
export function unguardedOf(args: ActionArgs): Failure {
  if ('error' in args.event || args.event.type === 'engine.guard.lost') return errorOf(args);
  return { code: 'GUARD_FAILED', what: 'the guard did not answer in time' };
}

/** A state took too long: says what was seen last, which is usually why. */
export function deadlineOf({ context, self }: ActionArgs): Failure {
  const state = statePath(self.getSnapshot().value);
  if (state === 'confirming') {
    return { code: 'DEADLINE', what: 'nobody confirmed in time', advice: 'confirm with `ovs-uplink confirm -i IF`' };
  }
  const { ovs, hostPort, uplink } = context.observed;
  const cfg = ovs?.system ?? null;
  const seen = [
    cfg === null ? 'no row of OVSDB seen' : `cur_cfg ${cfg.curCfg}, asked for ${context.awaitedCfg ?? 'none'}`,
    ovs?.hostPort?.error ? `host port: ${ovs.hostPort.error}` : undefined,
    ovs?.uplink?.error ? `uplink: ${ovs.uplink.error}` : undefined,
    ...(ovs?.members ?? []).map(({ name, error }) => (error ? `${name}: ${error}` : undefined)),
    hostPort === null ? 'no host port in the kernel' : undefined,
    uplink === null ? 'no uplink in the kernel' : undefined,
  ].filter(Boolean);
  return {
    code: 'DEADLINE',
    what: `${state} did not finish in time`,
    got: seen.join(', '),
    advice: 'see whether ovs-vswitchd and ovsdb-server run and answer; a longer --step-timeout helps a slow host',
  };
}

/** The blocking findings in one sentence. */
export function refusalOf({ event }: ActionArgs): Failure {
  const blocking = outputOf<Assessment>(event).findings.filter(f => f.severity === 'blocking');
  return {
    code: blocking.some(f => f.code === 'lock-held') ? 'LOCK_HELD' : 'USAGE',
    what: `refused: ${blocking.map(f => f.message).join('; ')}`,
    advice: blocking.map(f => f.advice).join('; '),
  };
}

/** Why Open vSwitch is not ready. */
export function notReadyOf({ event }: ActionArgs): Failure {
  const { failure } = outputOf<OvsReadinessOutput>(event);
  return failure ?? { code: 'DEADLINE', what: 'Open vSwitch did not become ready' };
}

export function abortOf({ event }: ActionArgs): Failure {
  return { code: 'ABORTED', what: event.type === 'ABORT' ? `asked to stop: ${event.reason}` : 'asked to stop' };
}

/** What ovs-vswitchd says of the host port or the uplink. */
export function interfaceErrorOf({ context }: ActionArgs): Failure {
  const { ovs } = context.observed;
  const row = [ovs?.hostPort, ovs?.uplink, ...(ovs?.members ?? [])].find(each => each?.error) ?? ovs?.uplink;
  return {
    code: 'OVS_INTERFACE_ERROR',
    what: 'Open vSwitch cannot use the interface',
    object: row?.name ?? 'unknown',
    got: row?.error ?? 'no error text',
    advice: 'see the log of ovs-vswitchd',
  };
}

export function failedAddressOf({ context }: ActionArgs): Failure {
  return {
    code: 'STATE_DIFFERS',
    what: 'duplicate address detection failed',
    object: context.observed.addresses.find(a => (a.flags & IFA_F_DADFAILED) !== 0)?.local ?? 'unknown',
    advice: 'another host on this network uses the address',
  };
}

export function linkGoneOf({ context }: ActionArgs): Failure {
  return {
    code: 'LINK_GONE',
    what: 'the uplink vanished',
    object: context.request.uplink,
    advice: 'was it unplugged, or moved to another namespace?',
  };
}

export function carrierLostOf({ context }: ActionArgs): Failure {
  return {
    code: 'LINK_GONE',
    what: 'the uplink lost its carrier',
    object: context.request.uplink,
    advice: 'check the cable and the switch port, then try again',
  };
}

export function foreignRemovalOf({ event }: ActionArgs): Failure {
  return {
    code: 'STATE_DIFFERS',
    what: 'somebody else removed an address of the uplink during the move',
    object: 'address' in event ? event.address.local : 'unknown',
    advice: 'see who manages this link (`ovs-uplink doctor`), then try again',
  };
}
