import type { Address } from '../domain/address.ts';
import type { Link } from '../domain/link.ts';
import type { Attachment } from '../domain/move/request.ts';
import type { Route } from '../domain/route.ts';
import type { Failure } from '../errors.ts';

/** Where a mover finds what it needs. Nothing, and the empty text, stand for the defaults of the command line. */
export interface MoverSettings {
  /** Folder of the journals. */
  readonly stateDir?: string | null | undefined;
  /** Open vSwitch's database, which is asked whether a link is a port of it. */
  readonly ovsdb?: string | null | undefined;
}

/** Opens a mover. */
export type OpenMover = (settings: MoverSettings) => Promise<DeviceMover>;

/** A link that is away, and as it was at home. */
export interface MovedLink {
  readonly attachment: Attachment;
  /** As it was before the move. */
  readonly link: Link;
}

/** What is to be done with a link. */
export interface MoveRequest {
  /** As {@link DeviceMover.links} has shown it: the mover looks again and refuses when it is another by then. */
  readonly link: Link;
  /** Path of the target namespace. */
  readonly netns: string;
  /** Its name there. */
  readonly name: string;
  readonly attachment: Attachment;
}

/**
 * How a move or a return has ended.
 *
 * - `inUse`: it is in the target namespace under the name asked for, and up.
 * - `restored`: it is at home, as it was before the move.
 * - `refused`: nothing was changed.
 * - `stranded`: neither; a person is needed, or the next try.
 *
 * `failure` is null for what was asked for: `inUse` of a move, `restored` of a return.
 */
export interface MoveOutcome {
  readonly result: 'inUse' | 'restored' | 'refused' | 'stranded';
  readonly failure: Failure | null;
}

/** An address to be put on a link. */
export type WantedAddress = Pick<Address, 'family' | 'local' | 'prefixLength'>;

/** A unicast route out by the link. `metrics` are RTAX_* (2 the MTU, 8 the MSS to advertise). */
export type WantedRoute = Pick<Route, 'family' | 'table' | 'scope' | 'destination' | 'priority' | 'metrics'> & {
  /** Null for a route to the link itself. Of the route's family. */
  readonly gateway: string | null;
};

/** What IPAM wants to see on a link; in this order. */
export interface WantedConfiguration {
  readonly addresses: readonly WantedAddress[];
  readonly routes: readonly WantedRoute[];
}

/** A link in another namespace. */
export interface LinkView {
  readonly link: Link;
  /** Those of the link. */
  readonly addresses: readonly Address[];
  /** All of the namespace, by whatever link: CNI's results don't say which link a route is of. */
  readonly routes: readonly Route[];
}

/**
 * What the CNI plugin needs of the engine. Methods reject with an `UplinkError` only for what keeps them from working at all (`LOCK_HELD`, a
 * journal that cannot be read); a rejected {@link moveLink} has changed nothing. Closing it (`Symbol.asyncDispose`) does not reject.
 */
export interface DeviceMover extends AsyncDisposable {
  /** All links of the namespace that the plugin runs in. */
  links(): Promise<readonly Link[]>;
  /** What is away, in no order; also links whose namespace is gone. */
  attachments(): Promise<readonly MovedLink[]>;
  /**
   * Brings home what runs that died have left half way, and what is in namespaces that are gone. What cannot come home now is left where it is: who
   * needs it will be told.
   */
  recover(): Promise<void>;
  /** Moves a link and sets it up. Asked again for an attachment that has a link it refuses. */
  moveLink(request: MoveRequest): Promise<MoveOutcome>;
  /**
   * Brings the link of an attachment home and makes it what it was, wherever it is by now: renamed, in a namespace that is gone, half way.
   * `restored` also where there is nothing to bring home: the attachment has no link, or its link exists no more (a virtual one that went with its
   * namespace, a device that was unplugged). DEL has to succeed then.
   */
  returnLink(request: { readonly attachment: Attachment }): Promise<MoveOutcome>;
  /** A link by its name in a namespace; undefined where no link has the name, or no namespace has the path. */
  look(netns: string, name: string): Promise<LinkView | undefined>;
  /**
   * Puts addresses and routes on a link that was moved; null when they are there and usable (no address tentative). IPv6 is turned on for it,
   * where an IPv6 address is wanted.
   */
  configure(netns: string, name: string, wanted: WantedConfiguration): Promise<Failure | null>;
}
