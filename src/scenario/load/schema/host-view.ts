import * as z from 'zod';
import type { BridgeView, HostView, LinkView, PortView } from '../../host/host-view.ts';
import type { Match } from '../../scenario.ts';
import { match } from './match.ts';

const part = match.optional();
// As records, so that the compiler finds a key that is missing here. Null: it is not there.
const link = viewOf<LinkView>('a link', {
  addresses: part,
  altnames: part,
  up: part,
  mtu: part,
  mac: part,
  kind: part,
  master: part,
  promiscuous: part,
  muted: part,
});
const port = viewOf<PortView>('a port', { type: part, ofport: part, error: part, externalIds: part });
const bridge = viewOf<BridgeView>('a bridge', {
  datapathType: part,
  failMode: part,
  controllers: part,
  externalIds: part,
  otherConfig: part,
  ports: byName(port, 'ports by name'),
});

/** What is expected of the host at the end: a key that no view has would match without a word, where nothing is expected of it. */
export const hostMatch = viewOf<HostView>('a host', {
  links: byName(link, 'links by name'),
  routes: part,
  rules: part,
  neighbours: part,
  sysctls: part,
  ovs: viewOf<HostView['ovs']>('Open vSwitch', { bridges: byName(bridge, 'bridges by name') }).optional(),
  journal: part,
})
  // Whatever else it is, it is plain data.
  .transform(value => value as Match);

function viewOf<T>(what: string, parts: Readonly<Record<keyof T & string, z.ZodType>>) {
  return z.strictObject(parts, `what ${what} has, or null for none`).nullable();
}

function byName(one: z.ZodType, expected: string) {
  return z.record(z.string(), one, expected).nullable().optional();
}
