import type { MigrationEvent } from '../../../machines/uplink-migration-types.ts';
import { pickFacts } from '../../domain/ovs-facts.ts';
import type { MigrationPlan } from '../../domain/plan.ts';
import type { Host, HostEvent } from '../../host/host.ts';
import { findHostPort } from './look.ts';

/**
 * Passes on to the chart what concerns its uplink, host port and rows; returns what ends it. After lost events (`resync`) the links are
 * read again and told as if they had changed.
 */
export function forwardHostEvents(
  host: Host,
  plan: () => MigrationPlan | null,
  send: (event: MigrationEvent) => void,
  onError: (error: unknown) => void,
): () => void {
  let hostPortIndex: number | null = null;

  const concerns = (linkIndex: number): boolean => linkIndex === plan()?.uplinkIndex || linkIndex === hostPortIndex;

  const resync = async (): Promise<void> => {
    const now = plan();
    if (now === null) return;
    const kernel = await host.readKernel({ routes: false });
    const links = [kernel.links.find(link => link.index === now.uplinkIndex), findHostPort(kernel, now)];
    for (const link of links) if (link !== undefined) send({ type: 'netlink.link.changed', link });
  };

  const pass = (event: HostEvent): void => {
    const now = plan();
    switch (event.type) {
      case 'netlink.link.changed':
      case 'netlink.link.removed':
        if (event.link.name === now?.names.hostPort && event.link.index !== now.uplinkIndex) {
          hostPortIndex = event.link.index;
        }
        if (concerns(event.link.index)) send({ type: event.type, link: event.link });
        break;
      case 'netlink.address.changed':
      case 'netlink.address.removed':
        if (concerns(event.address.linkIndex)) send({ type: event.type, address: event.address });
        break;
      case 'netlink.resync':
        resync().catch(onError);
        break;
      case 'ovsdb.state.changed': {
        const names =
          now === null
            ? { bridge: null, hostPort: null, uplink: null }
            : { ...now.names, ...(now.members === undefined ? {} : { members: now.members.map(({ name }) => name) }) };
        send({ type: 'ovsdb.facts.changed', ovs: pickFacts(event.ovs, names) });
        break;
      }
      case 'owner.changed':
      case 'ovsdb.connection.opened':
      case 'ovsdb.connection.lost':
        send(event);
        break;
    }
  };
  return host.subscribe(pass);
}
