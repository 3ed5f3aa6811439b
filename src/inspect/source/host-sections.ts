import { type ViewedHost, viewHost } from '../../scenario/host/host-view.ts';
import type { HostView } from '../wire/messages.ts';

/** Routes that are shown: a host may have a million. */
const MAX_ROUTES = 1_000;

/** A host in the words in which scenarios expect one, as sections of objects by name: what has no other name is called by its text. */
export function hostSections(host: Omit<ViewedHost, 'journal' | 'sysctls'>): HostView {
  const { kernel } = host;
  const shown = kernel.routes.length <= MAX_ROUTES ? kernel : { ...kernel, routes: kernel.routes.slice(0, MAX_ROUTES) };
  const { links, routes, rules, neighbours, ovs } = viewHost({ ...host, kernel: shown, sysctls: {}, journal: null });
  return { links: { ...links }, routes: byText(routes), rules: byText(rules), neighbours: byText(neighbours), ...ovs };
}

/** Two of the same text are told apart by a number. */
function byText(list: readonly string[]): Readonly<Record<string, true>> {
  const made: Record<string, true> = {};
  for (const text of list) {
    let key = text;
    for (let nth = 2; Object.hasOwn(made, key); nth += 1) key = `${text} (${nth})`;
    made[key] = true;
  }
  return made;
}
