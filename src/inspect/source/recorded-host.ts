import type { MigrationContext } from '../../../machines/uplink-migration-types.ts';
import type { Address } from '../../domain/address.ts';
import type { Effect, LinkRef } from '../../domain/effect.ts';
import type { Link } from '../../domain/link.ts';
import type { Neighbour } from '../../domain/neighbour.ts';
import type { OvsFacts } from '../../domain/ovs-facts.ts';
import type { Route } from '../../domain/route.ts';
import type { Rule } from '../../domain/rule.ts';
import type { HostView } from '../wire/messages.ts';
import { connectedRoute } from './connected-route.ts';
import { hostSections } from './host-sections.ts';

/** What can be said of a host from the recording of a run: what the run saw of it, and what it changed. */
export interface RecordedHost {
  /** The context of the chart after an event. */
  see(context: unknown): void;
  /** A change that was made. */
  change(effect: Effect): void;
  /** Undefined before the run has looked at the host. */
  view(): HostView | undefined;
}

interface State {
  links: ReadonlyMap<number, Link>;
  addresses: readonly Address[];
  routes: readonly Route[];
  rules: readonly Rule[];
  neighbours: readonly Neighbour[];
  muted: readonly string[];
}

/** Nothing is known yet. Links are as they were seen last; addresses, routes and rules as the snapshot has them, with the changes of the run and what the kernel makes of these. */
export function createRecordedHost(): RecordedHost {
  let state: State | undefined;
  let ovs: OvsFacts | null = null;
  let seen: unknown;
  let hostPort: number | undefined;

  const keepLink = (link: Link | null): void => {
    if (link === null || state === undefined || state.links.get(link.index) === link) return;
    state.links = new Map([...state.links, [link.index, link]]);
  };
  return {
    see(context) {
      if (context === seen || !isMigration(context)) return;
      seen = context;
      const { snapshot, observed } = context;
      if (snapshot !== null) {
        state ??= {
          links: new Map([[snapshot.link.index, snapshot.link]]),
          addresses: snapshot.addresses,
          routes: snapshot.routes,
          rules: snapshot.rules,
          neighbours: snapshot.neighbours,
          muted: [],
        };
      }
      keepLink(observed.uplink);
      keepLink(observed.hostPort);
      // A link goes with all that is on it.
      if (state !== undefined && hostPort !== undefined && observed.hostPort === null) forgetLink(state, hostPort);
      hostPort = observed.hostPort?.index;
      ovs = observed.ovs;
    },
    change(effect) {
      if (state !== undefined) apply(state, effect);
    },
    view() {
      if (state === undefined) return undefined;
      const { links, muted, ...lists } = state;
      const kernel = { links: [...links.values()], ...lists };
      return { ...hostSections({ kernel, muted, ovs: undefined }), ...rowsOf(ovs) };
    },
  };
}

function isMigration(context: unknown): context is Pick<MigrationContext, 'snapshot' | 'observed'> {
  return typeof context === 'object' && context !== null && 'snapshot' in context && 'observed' in context;
}

/** The rows that the run looked at. */
function rowsOf(ovs: OvsFacts | null): HostView {
  if (ovs === null) return {};
  const rows = [ovs.bridge, ovs.hostPort, ovs.uplink, ...(ovs.members ?? [])].filter(row => row !== null);
  return {
    'open vswitch': Object.fromEntries(
      rows.map(row => [`${'ofport' in row ? 'interface' : 'bridge'} ${row.name}`, row]),
    ),
  };
}

/** As the kernel does it, as far as it can be seen in a view. */
function apply(state: State, effect: Effect): void {
  switch (effect.op) {
    case 'link.rename':
      changeLink(state, effect.link, { name: effect.to });
      return;
    case 'link.set': {
      const { mtu, mac } = effect;
      changeLink(state, effect.link, { ...(mtu !== undefined && { mtu }), ...(mac !== undefined && { mac }) });
      return;
    }
    case 'altname.add':
      changeAltnames(state, effect.link, names => [...names, effect.altname]);
      return;
    case 'altname.remove':
      changeAltnames(state, effect.link, names => names.filter(name => name !== effect.altname));
      return;
    case 'address.add':
    case 'address.replace':
      state.addresses = [...state.addresses.filter(other => !isSameAddress(other, effect.address)), effect.address];
      connect(state, effect.address);
      return;
    case 'address.remove':
      state.addresses = state.addresses.filter(other => !isSameAddress(other, effect.address));
      disconnect(state, effect.address);
      return;
    case 'route.add':
    case 'route.append':
      state.routes = [...state.routes, effect.route];
      return;
    case 'route.prepend':
      state.routes = [effect.route, ...state.routes];
      return;
    case 'route.replace':
      state.routes = [...state.routes.filter(other => !isSameRoute(other, effect.route)), effect.route];
      return;
    case 'route.remove':
      state.routes = state.routes.filter(other => !(isSameRoute(other, effect.route) && leavesBy(other, effect.route)));
      return;
    case 'rule.add':
      state.rules = [...state.rules, effect.rule];
      return;
    case 'rule.remove':
      state.rules = state.rules.filter(other => JSON.stringify(other) !== JSON.stringify(effect.rule));
      return;
    case 'neighbour.set':
      state.neighbours = [
        ...state.neighbours.filter(other => !isSameNeighbour(other, effect.neighbour)),
        effect.neighbour,
      ];
      return;
    case 'neighbour.remove':
      state.neighbours = state.neighbours.filter(other => !isSameNeighbour(other, effect.neighbour));
      return;
    case 'ingress.mute':
      state.muted = [...state.muted, nameOf(state, effect.link)];
      return;
    case 'ingress.unmute':
      state.muted = state.muted.filter(name => name !== nameOf(state, effect.link));
      return;
    case 'ingress.hand-over':
      state.muted = [...state.muted.filter(name => name !== nameOf(state, effect.from)), nameOf(state, effect.to)];
      return;
    default:
      return;
  }
}

/** The first address of a network makes its route. */
function connect(state: State, address: Address): void {
  const made = connectedRoute(address);
  if (made === null || state.routes.some(other => isSameRoute(other, made) && leavesBy(other, made))) return;
  state.routes = [...state.routes, made];
}

function disconnect(state: State, address: Address): void {
  const gone = connectedRoute(address);
  if (gone === null) return;
  state.routes = state.routes.filter(
    other => !(isSameRoute(other, gone) && other.protocol === gone.protocol && leavesBy(other, gone)),
  );
  for (const other of state.addresses) if (other.linkIndex === address.linkIndex) connect(state, other);
}

function forgetLink(state: State, index: number): void {
  state.links = new Map([...state.links].filter(([key]) => key !== index));
  state.addresses = state.addresses.filter(({ linkIndex }) => linkIndex !== index);
  state.neighbours = state.neighbours.filter(({ linkIndex }) => linkIndex !== index);
  state.routes = state.routes.filter(({ nexthops }) => !nexthops.some(hop => hop.linkIndex === index));
}

function changeLink(state: State, { index }: LinkRef, fields: Partial<Link>): void {
  const link = state.links.get(index);
  if (link !== undefined) state.links = new Map([...state.links, [index, { ...link, ...fields }]]);
}

function changeAltnames(state: State, link: LinkRef, change: (names: readonly string[]) => readonly string[]): void {
  changeLink(state, link, { altnames: change(state.links.get(link.index)?.altnames ?? []) });
}

function nameOf(state: State, { index, name }: LinkRef): string {
  return state.links.get(index)?.name ?? name;
}

function isSameAddress(a: Address, b: Address): boolean {
  return a.linkIndex === b.linkIndex && a.local === b.local && a.prefixLength === b.prefixLength && a.peer === b.peer;
}

function isSameRoute(a: Route, b: Route): boolean {
  return a.family === b.family && a.destination === b.destination && a.table === b.table && a.priority === b.priority;
}

function leavesBy(a: Route, b: Route): boolean {
  return a.nexthops.some(one => b.nexthops.some(other => other.linkIndex === one.linkIndex));
}

function isSameNeighbour(a: Neighbour, b: Neighbour): boolean {
  return a.linkIndex === b.linkIndex && a.address === b.address;
}
