import { assign, sendTo } from 'xstate';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import type {
  Assessment,
  MigrationContext,
  MigrationEvent,
  StepReport,
} from '../../../machines/uplink-migration-types.ts';
import type { Address } from '../../domain/address.ts';
import type { Link } from '../../domain/link.ts';
import { isSameAddress } from '../../domain/steps/addresses.ts';
import type { Failure } from '../../errors.ts';
import type { ActionArgs } from './failures.ts';
import {
  abortOf,
  carrierLostOf,
  deadlineOf,
  errorOf,
  failedAddressOf,
  foreignRemovalOf,
  interfaceErrorOf,
  linkGoneOf,
  notReadyOf,
  refusalOf,
  strandingOf,
  unguardedOf,
} from './failures.ts';
import { migrationGuards, outputOf } from './guards.ts';
import { statePath } from './state-path.ts';

/** The first failure is what the user asks about; later ones are consequences. */
function keepFirst(args: ActionArgs, failureOf: (args: ActionArgs) => Failure): Partial<MigrationContext> {
  if (args.context.failure !== null) return {};
  return { failure: failureOf(args), failedIn: statePath(args.self.getSnapshot().value) };
}

function seenLink(context: MigrationContext, link: Link): { uplink?: Link; hostPort?: Link } {
  if (link.index === context.plan?.uplinkIndex) return { uplink: link };
  return link.name === context.plan?.names.hostPort ? { hostPort: link } : {};
}

function seenAddresses(context: MigrationContext, event: MigrationEvent): readonly Address[] {
  const { addresses, hostPort } = context.observed;
  if (event.type !== 'netlink.address.changed' && event.type !== 'netlink.address.removed') return addresses;
  if (event.address.linkIndex !== hostPort?.index) return addresses;
  const others = addresses.filter(a => !isSameAddress(a, event.address));
  return event.type === 'netlink.address.changed' ? [...others, event.address] : others;
}

/** The migration chart with its guards and its actions, which only take notes. */
export const annotatedMigration = uplinkMigration.provide({
  guards: migrationGuards,
  actions: {
    observeLink: assign(({ context, event }) =>
      event.type === 'netlink.link.changed'
        ? { observed: { ...context.observed, ...seenLink(context, event.link) } }
        : {},
    ),
    observeRemoval: assign(args => {
      const { context, event } = args;
      if (event.type !== 'netlink.link.removed') return {};
      const { uplink, hostPort } = context.observed;
      // A link that goes away loses its carrier first: that was not the reason then.
      const isReason = event.link.index === context.plan?.uplinkIndex && context.failure?.code === 'LINK_GONE';
      return {
        ...(isReason ? { failure: linkGoneOf(args) } : {}),
        observed: {
          ...context.observed,
          uplink: uplink?.index === event.link.index ? null : uplink,
          hostPort: hostPort?.index === event.link.index ? null : hostPort,
        },
      };
    }),
    observeAddress: assign(({ context, event }) => ({
      observed: { ...context.observed, addresses: seenAddresses(context, event) },
    })),
    observeFacts: assign(({ context, event }) =>
      event.type === 'ovsdb.facts.changed' ? { observed: { ...context.observed, ovs: event.ovs } } : {},
    ),
    tellReadiness: sendTo('ovsReadiness', ({ event }) => event),
    tellAltnameGuard: sendTo('altnameGuard', ({ event }) => event),
    tellLinkOwnership: sendTo('linkOwnership', ({ event }) => event),
    recordAssessment: assign(({ context, event }) => {
      const { findings, plan, snapshot, verdict } = outputOf<Assessment>(event);
      const observed = snapshot === null ? context.observed : { ...context.observed, uplink: snapshot.link };
      const repairing = context.repairing || verdict === 'repair';
      return { findings, plan, snapshot, observed, alreadyDone: verdict === 'done', repairing };
    }),
    recordStep: assign(({ context, event }) => {
      const report = outputOf<StepReport>(event);
      return {
        awaitedCfg: report.nextCfg ?? context.awaitedCfg,
        observed: {
          ...context.observed,
          uplink: report.uplink ?? context.observed.uplink,
          hostPort: report.hostPort ?? context.observed.hostPort,
          addresses: report.hostPort === null ? context.observed.addresses : report.addresses,
        },
      };
    }),
    recordNudge: assign(({ context, event }) => ({
      nudges: context.nudges + 1,
      awaitedCfg: outputOf<number>(event),
    })),
    recordRollbackStep: assign(({ context, event }) => ({
      pendingRows: context.pendingRows || outputOf<StepReport>(event).pendingRows,
    })),
    recordRestoreRequest: assign({ restoring: true, alreadyDone: false, attempts: 0 }),
    countAttempt: assign(({ context }) => ({ attempts: context.attempts + 1 })),
    recordRefusal: assign(args => keepFirst(args, refusalOf)),
    recordNotReady: assign(args => keepFirst(args, notReadyOf)),
    recordFailure: assign(args => keepFirst(args, errorOf)),
    recordDeadline: assign(args => keepFirst(args, deadlineOf)),
    recordAbort: assign(args => keepFirst(args, abortOf)),
    recordInterfaceError: assign(args => keepFirst(args, interfaceErrorOf)),
    recordFailedAddress: assign(args => keepFirst(args, failedAddressOf)),
    recordLinkGone: assign(args => keepFirst(args, linkGoneOf)),
    recordCarrierLost: assign(args => keepFirst(args, carrierLostOf)),
    recordForeignRemoval: assign(args => keepFirst(args, foreignRemovalOf)),
    /** Why the way back failed; the reason for going back stays in `failure`. */
    recordStranding: assign(args => ({ stranding: strandingOf(args) })),
    recordUnguarded: assign(args => ({ unguarded: args.context.unguarded ?? unguardedOf(args) })),
    recordAlreadyDone: assign({ alreadyDone: true }),
  },
});
