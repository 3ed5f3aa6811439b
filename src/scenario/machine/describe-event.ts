import { isMapping } from './complete.ts';

/** What is asked of an actor, as the time line has it: `forwardStep makingHostPort`, `removeAltname eth0`. */
export function describeAsked(actor: string, input: unknown): string {
  if (!isMapping(input)) return actor;
  const about = [input['step'], input['name'], input['bridge']].find(value => typeof value === 'string');
  return about === undefined ? actor : `${actor} ${about}`;
}

/** An event in one line: its type, and what it is about. */
export function describeEvent(event: { readonly type: string; readonly [key: string]: unknown }): string {
  const { type, link, address, ovs, failure, reason } = event;
  if (isMapping(link)) return `${type} ${describeLink(link)}`;
  if (isMapping(address)) return `${type} ${address['local']} on link ${address['linkIndex']}`;
  if (isMapping(ovs)) return `${type} ${describeFacts(ovs)}`;
  if (isMapping(failure)) return `${type} ${failure['code']} ${failure['what']}`;
  return reason === undefined ? type : `${type} ${reason}`;
}

function describeLink({ index, name, altnames, carrier, master }: Readonly<Record<string, unknown>>): string {
  return [
    `${name} (${index})`,
    Array.isArray(altnames) && altnames.length > 0 ? `altnames ${altnames.join(' ')}` : '',
    carrier === false ? 'no carrier' : '',
    typeof master === 'number' ? `master ${master}` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function describeFacts({ system, bridge, hostPort, uplink }: Readonly<Record<string, unknown>>): string {
  return [
    isMapping(system) ? `cur_cfg ${system['curCfg']} of ${system['nextCfg']}` : 'no row Open_vSwitch',
    isMapping(system) && system['flowRestoreWait'] === true ? 'flow-restore-wait' : '',
    isMapping(bridge) ? `bridge ${bridge['name']} datapath_id ${bridge['datapathId'] ?? 'none'}` : '',
    describeInterface('host port', hostPort),
    describeInterface('uplink', uplink),
  ]
    .filter(Boolean)
    .join(', ');
}

function describeInterface(what: string, row: unknown): string {
  if (!isMapping(row)) return '';
  return `${what} ofport ${row['ofport'] ?? 'none'}${row['error'] ? ` error ${row['error']}` : ''}`;
}
