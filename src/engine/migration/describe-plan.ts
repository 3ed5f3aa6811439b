import type { Effect } from '../../domain/effect.ts';
import { describeEffect } from '../../domain/effect-text.ts';
import type { Link } from '../../domain/link.ts';
import { IFF_UP } from '../../domain/link.ts';
import { NUD_PERMANENT } from '../../domain/neighbour.ts';
import type { ForwardStep, MigrationPlan, PlannedStep, RollbackStep } from '../../domain/plan.ts';
import { addressesOnHostPort, isMovable } from '../../domain/steps/addresses.ts';
import type { StepContext } from '../../domain/steps/context.ts';
import { forwardEffects } from '../../domain/steps/forward.ts';
import { moveLegs } from '../../domain/steps/routes.ts';
import type { Host } from '../../host/host.ts';
import type { Assessed } from './assess.ts';
import { look } from './look.ts';

/** Stands for the ifindex of a host port that is not there yet. */
const FUTURE_INDEX = 0;

const INVERSE: Readonly<Record<ForwardStep, RollbackStep>> = {
  releasingOwners: 'returningOwners',
  renamingUplink: 'restoringName',
  makingHostPort: 'removingHostPort',
  configuringHostPort: 'removingHostPort',
  addressingHostPort: 'removingHostPort',
  attachingUplink: 'detachingUplink',
  mutingUplink: 'unmutingUplink',
  switchingRoutes: 'restoringRoutes',
  removingUplinkAddresses: 'restoringUplinkAddresses',
  handingOver: 'returningOwners',
};

/** The ordered steps of a plan, each with its inverse, as they would be carried out on the host as it is now. */
export async function describePlan(host: Host, { plan, snapshot, takenAt }: Assessed): Promise<readonly PlannedStep[]> {
  if (plan === null || snapshot === null) return [];
  const context = await look(host, { plan, snapshot, takenAt }, takenAt, { routes: true, owners: true });
  const standing = foresee(context);
  const addressed = withAddresses(standing);
  const nameOf = (index: number): string => {
    if (index === plan.uplinkIndex) return plan.names.uplink;
    return index === FUTURE_INDEX
      ? (plan.names.hostPort ?? '')
      : (context.kernel.links.find(l => l.index === index)?.name ?? `link ${index}`);
  };
  const worldOf = (step: ForwardStep): StepContext => {
    if (step === 'releasingOwners' || step === 'renamingUplink') return context;
    return step === 'mutingUplink' || step === 'switchingRoutes' || step === 'removingUplinkAddresses'
      ? addressed
      : standing;
  };
  const describe = (effects: readonly Effect[]): readonly string[] => effects.map(e => describeEffect(e, nameOf));
  return (Object.keys(INVERSE) as ForwardStep[])
    .map((step): PlannedStep => {
      const effects = forwardEffects(step, worldOf(step)).filter(isShown);
      return {
        step,
        title: titleOf(step, plan),
        changes: describe(effects),
        inverse: {
          step: INVERSE[step],
          title: inverseTitleOf(step, plan),
          changes: describe(effects.flatMap(effect => invert(effect, plan)).reverse()),
        },
      };
    })
    .filter(({ changes }) => changes.length > 0);
}

/** Flags that settle by themselves, and what is only learned, say nothing to a person. */
function isShown(effect: Effect): boolean {
  return (
    effect.op !== 'address.replace' &&
    !(effect.op === 'neighbour.set' && (effect.neighbour.state & NUD_PERMANENT) === 0)
  );
}

/** The host once the addresses stand on both links. */
function withAddresses(context: StepContext): StepContext {
  const { hostPort, kernel, snapshot } = context;
  if (hostPort === undefined) return context;
  const addresses = addressesOnHostPort(snapshot, hostPort, 0);
  return {
    ...context,
    hostPort: { ...hostPort, flags: IFF_UP },
    mutedLinks: [hostPort.name],
    kernel: { ...kernel, addresses: [...kernel.addresses, ...addresses] },
  };
}

/** The host as it will be once the host port stands: renamed uplink, addresses on both. */
function foresee(context: StepContext): StepContext {
  const { plan, kernel, uplink } = context;
  if (uplink === undefined) return context;
  const renamed: Link = { ...uplink, name: plan.names.uplink };
  if (plan.hostPort === null) return { ...context, uplink: renamed };
  const hostPort: Link = {
    ...uplink,
    index: FUTURE_INDEX,
    name: plan.hostPort.name,
    kind: 'openvswitch',
    altnames: [],
    flags: 0,
    mtu: 0,
  };
  return { ...context, kernel, uplink: renamed, hostPort, hostPortSysctls: {}, uplinkSysctls: {} };
}

/** The effect that takes another back, as far as a plan shows it; how it is really done is asked of the host then. */
function invert(effect: Effect, plan: MigrationPlan): readonly Effect[] {
  switch (effect.op) {
    case 'link.rename':
      return [{ op: 'link.rename', link: { index: effect.link.index, name: effect.to }, to: effect.link.name }];
    case 'address.add':
      return isMovable(effect.address) ? [{ op: 'address.remove', address: effect.address }] : [];
    case 'address.remove':
      return [{ op: 'address.add', address: effect.address }];
    case 'ovs.host-port.create':
      return [{ op: 'ovs.rows.remove', rows: effect.rows }];
    case 'ovs.uplink.attach':
      return [{ op: 'ovs.uplink.detach', rows: effect.rows }];
    case 'ingress.mute':
      return [{ op: 'ingress.unmute', link: effect.link }];
    case 'ingress.hand-over':
      return [{ op: 'ingress.hand-over', from: effect.to, to: effect.from, drain: true }];
    case 'route.add':
    case 'route.append':
    case 'route.prepend':
    case 'route.replace':
      return [{ op: 'route.replace', route: moveLegs(effect.route, FUTURE_INDEX, plan.uplinkIndex) }];
    case 'owner.shield':
    case 'owner.release':
      return [{ ...effect, op: 'owner.return' }];
    case 'dhcp.hand-over':
      return [{ ...effect, from: effect.to, to: effect.from }];
    case 'link-policy.write':
      return [{ op: 'link-policy.remove', path: effect.path }];
    case 'neighbour.set':
      return [{ op: 'neighbour.remove', neighbour: effect.neighbour }];
    case 'rule.add':
      return [{ op: 'rule.remove', rule: effect.rule }];
    default:
      return [];
  }
}

function titleOf(step: ForwardStep, { names, request, bridge }: MigrationPlan): string {
  switch (step) {
    case 'releasingOwners':
      return `ask who manages ${request.uplink} to let it go`;
    case 'renamingUplink':
      return `rename ${request.uplink} to ${names.uplink}, live where the kernel can`;
    case 'makingHostPort':
      return `make ${bridge.create ? `bridge ${names.bridge}` : 'the host port'}${names.hostPort === null ? '' : ` with host port ${names.hostPort}`}`;
    case 'configuringHostPort':
      return `give ${names.hostPort} the MAC, MTU and sysctls of ${request.uplink}`;
    case 'addressingHostPort':
      return `put the addresses on ${names.hostPort}, while the traffic stays where it is`;
    case 'attachingUplink':
      return `attach ${names.uplink} to ${names.bridge} (the cutover begins)`;
    case 'mutingUplink':
      return `leave ${names.uplink} to the bridge alone`;
    case 'switchingRoutes':
      return `switch the routes to ${names.hostPort}`;
    case 'removingUplinkAddresses':
      return `take the addresses off ${names.uplink}`;
    case 'handingOver':
      return `let DHCP clients and DNS settings go on with ${names.hostPort}`;
  }
}

function inverseTitleOf(step: ForwardStep, { names, request }: MigrationPlan): string {
  switch (step) {
    case 'releasingOwners':
    case 'handingOver':
      return `give ${request.uplink} back to who managed it`;
    case 'renamingUplink':
      return `rename it back to ${request.uplink}, with its altnames`;
    case 'makingHostPort':
    case 'configuringHostPort':
    case 'addressingHostPort':
      return 'remove the rows that we made, and nothing else';
    case 'attachingUplink':
      return `detach ${names.uplink}`;
    case 'mutingUplink':
      return `let the kernel answer on ${names.uplink} again`;
    case 'switchingRoutes':
      return `switch the routes back to ${names.uplink}`;
    case 'removingUplinkAddresses':
      return `put the addresses back on ${names.uplink}`;
  }
}
