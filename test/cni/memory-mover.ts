import type {
  DeviceMover,
  LinkView,
  MovedLink,
  MoveOutcome,
  MoveRequest,
  MoverSettings,
  WantedConfiguration,
} from '../../src/cni/device-mover.ts';
import { isSameAttachment } from '../../src/cni/same-attachment.ts';
import { type Address, IFA_F_PERMANENT, plainAddress } from '../../src/domain/address.ts';
import { answersTo, IFF_UP, type Link } from '../../src/domain/link.ts';
import type { Attachment } from '../../src/domain/move/request.ts';
import { networkOf } from '../../src/domain/prefix.ts';
import type { Route } from '../../src/domain/route.ts';
import { plainRoute } from '../../src/domain/route.ts';
import type { Failure } from '../../src/errors.ts';

/** A namespace: its links, and what is on them. */
interface Namespace {
  links: Link[];
  addresses: Address[];
  routes: Route[];
}

/** A mover that keeps namespaces, links and its journal in memory. Tests look into them, change them behind its back, and make its methods fail. */
export class MemoryMover implements DeviceMover {
  readonly home: Link[];
  readonly namespaces = new Map<string, Namespace>();
  readonly journal: MovedLink[] = [];
  /** What it was asked, in order. */
  readonly calls: string[] = [];
  readonly wanted: WantedConfiguration[] = [];
  closed = 0;
  /** Those that it was opened with last. */
  settings: MoverSettings = {};
  /** Answers in place of the real ones. */
  faults: { move?: MoveOutcome; return?: MoveOutcome; configure?: Failure; open?: Error; vanishes?: boolean } = {};

  constructor(home: readonly Link[], netnsPaths: readonly string[]) {
    this.home = [...home];
    for (const path of netnsPaths) this.namespaces.set(path, { links: [], addresses: [], routes: [] });
  }

  open = async (settings: MoverSettings): Promise<DeviceMover> => {
    this.settings = settings;
    if (this.faults.open !== undefined) throw this.faults.open;
    return this;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed += 1;
  }

  async links(): Promise<readonly Link[]> {
    return this.home;
  }

  async attachments(): Promise<readonly MovedLink[]> {
    return [...this.journal];
  }

  async recover(): Promise<void> {
    this.calls.push('recover');
  }

  async moveLink({ link, netns, name, attachment }: MoveRequest): Promise<MoveOutcome> {
    this.calls.push(`move ${link.name} to ${name}`);
    if (this.faults.move !== undefined) return this.faults.move;
    const target = this.namespaces.get(netns);
    const at = this.home.findIndex(one => one.index === link.index);
    if (target === undefined || at < 0) return refused('no such namespace or link', 'ENOENT');
    if (target.links.some(one => answersTo(one, name))) return refused('the name is taken in the namespace', 'EEXIST');
    this.home.splice(at, 1);
    target.links.push({ ...link, name, index: 40 + target.links.length, flags: link.flags | IFF_UP });
    this.journal.push({ attachment, link });
    return { result: 'inUse', failure: null };
  }

  async returnLink({ attachment }: { readonly attachment: Attachment }): Promise<MoveOutcome> {
    this.calls.push(`return ${attachment.ifname} of ${attachment.containerId}`);
    if (this.faults.return !== undefined) return this.faults.return;
    const at = this.journal.findIndex(moved => isSameAttachment(moved.attachment, attachment));
    const moved = this.journal[at];
    if (moved === undefined) return { result: 'restored', failure: null };
    for (const namespace of this.namespaces.values()) {
      const away = namespace.links.findIndex(({ permanentMac }) => permanentMac === moved.link.permanentMac);
      const [link] = away < 0 ? [] : namespace.links.splice(away, 1);
      if (link === undefined) continue;
      namespace.addresses = namespace.addresses.filter(({ linkIndex }) => linkIndex !== link.index);
      namespace.routes = namespace.routes.filter(({ nexthops }) => nexthops[0]?.linkIndex !== link.index);
    }
    this.home.push(moved.link);
    this.journal.splice(at, 1);
    return { result: 'restored', failure: null };
  }

  async look(netns: string, name: string): Promise<LinkView | undefined> {
    const namespace = this.namespaces.get(netns);
    const link = namespace?.links.find(one => answersTo(one, name));
    if (namespace === undefined || link === undefined || this.faults.vanishes === true) return undefined;
    const addresses = namespace.addresses.filter(({ linkIndex }) => linkIndex === link.index);
    return { link, addresses, routes: namespace.routes };
  }

  async configure(netns: string, name: string, wanted: WantedConfiguration): Promise<Failure | null> {
    this.calls.push(`configure ${name}`);
    this.wanted.push(wanted);
    if (this.faults.configure !== undefined) return this.faults.configure;
    const namespace = this.namespaces.get(netns)!;
    const index = namespace.links.find(one => answersTo(one, name))!.index;
    for (const { local, prefixLength } of wanted.addresses) {
      namespace.addresses.push(addressOn(index, local, prefixLength));
      namespace.routes.push(routeOn(index, networkOf(local, prefixLength), null));
    }
    for (const { gateway, ...route } of wanted.routes) {
      namespace.routes.push({ ...routeOn(index, route.destination, gateway), ...route });
    }
    return null;
  }

  /** The namespace at a path. */
  at(netns: string): Namespace {
    return this.namespaces.get(netns)!;
  }
}

function refused(what: string, errnoName: string): MoveOutcome {
  return { result: 'refused', failure: { code: 'NETLINK_REFUSED', what, errnoName } };
}

function addressOn(linkIndex: number, local: string, prefixLength: number): Address {
  return { ...plainAddress(linkIndex, local, prefixLength), flags: IFA_F_PERMANENT };
}

function routeOn(linkIndex: number, destination: string, gateway: string | null): Route {
  return { ...plainRoute(destination, linkIndex, gateway), scope: 0 };
}
