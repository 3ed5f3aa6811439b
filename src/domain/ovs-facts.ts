import type { OvsBridge, OvsInterface, OvsState, OvsSystem } from './ovs-state.ts';
import { findBridge, findInterface } from './ovs-state.ts';

/** The few rows of OVSDB that one chart looks at; plain JSON. */
export interface OvsFacts {
  readonly system: OvsSystem | null;
  readonly bridge: OvsBridge | null;
  /** Interface row of the host port; null while there is none. */
  readonly hostPort: OvsInterface | null;
  /** Interface row of the uplink; null while it is not attached. */
  readonly uplink: OvsInterface | null;
  /** Interface rows of the other members of its bond, as far as there are any; absent without a bond. */
  readonly members?: readonly OvsInterface[];
}

/** Names of the rows that a chart looks at. */
export interface FactNames {
  readonly bridge: string | null;
  readonly hostPort: string | null;
  readonly uplink: string | null;
  readonly members?: readonly string[];
}

/** Picks the rows out of the whole state. */
export function pickFacts(ovs: OvsState, names: FactNames): OvsFacts {
  const row = <T>(name: string | null, find: (ovs: OvsState, name: string) => T | undefined): T | null =>
    name === null ? null : (find(ovs, name) ?? null);
  const members = names.members?.map(name => findInterface(ovs, name)).filter(found => found !== undefined);
  return {
    system: ovs.system,
    bridge: row(names.bridge, findBridge),
    hostPort: row(names.hostPort, findInterface),
    uplink: row(names.uplink, findInterface),
    ...(members === undefined ? {} : { members }),
  };
}

/** What an `Interface.error` text means for us (F-01, F-20, F-27). */
export type InterfaceErrorClass =
  /** The name is taken in the kernel, by a link or an altname; OVS tries again with the next link event that it sees or change of its configuration. */
  | 'name-taken'
  /** ovs-vswitchd's own cache holds the name under another class; heals with a cycle of ovs-vswitchd. */
  | 'class-clash'
  /** Another rx_handler holds the link. */
  | 'busy'
  | 'no-such-device'
  | 'other';

/** Tells the texts of both datapaths apart. */
export function classifyInterfaceError(text: string): InterfaceErrorClass {
  if (/add network device .* to ofproto \(File exists\)/.test(text)) return 'name-taken';
  // TUNSETIFF answers EINVAL where the kernel datapath says EEXIST.
  if (/open network device .* \(Invalid argument\)/.test(text)) return 'name-taken';
  if (/open network device .* \(File exists\)/.test(text)) return 'class-clash';
  if (/\(Device or resource busy\)/.test(text)) return 'busy';
  if (/\(No such device\)/.test(text)) return 'no-such-device';
  return 'other';
}
