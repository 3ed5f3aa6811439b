/** What others do while a link is moved; plain data. Those with `forMs` end by themselves, or when the faults stop. */
export type MoveIncident =
  /** Another link in the target has the name that the link is to have there: as its name, or as altname. */
  | { readonly kind: 'target.new-name.take'; readonly as: 'name' | 'altname' }
  /** … or the name that it has at home. */
  | { readonly kind: 'target.old-name.take' }
  /** … or one of its altnames. */
  | { readonly kind: 'target.altname.take' }
  | { readonly kind: 'target.index.take' }
  /** The target loses its name and ends. */
  | { readonly kind: 'target.remove' }
  /** It ends, and another namespace has its path. */
  | { readonly kind: 'target.replace' }
  | { readonly kind: 'home.name.take'; readonly as: 'name' | 'altname'; readonly forMs: number | null }
  | { readonly kind: 'home.altname.take'; readonly forMs: number | null }
  | { readonly kind: 'home.index.take' }
  /** The others hit the link wherever it is. */
  | { readonly kind: 'link.remove' }
  | { readonly kind: 'link.rename' }
  | { readonly kind: 'link.set-down' }
  | { readonly kind: 'link.mtu'; readonly mtu: number }
  | { readonly kind: 'link.mac' }
  | { readonly kind: 'link.address.add' }
  /** udev gives it the name that it has at home as altname, where it has another one. */
  | { readonly kind: 'link.altname' }
  | { readonly kind: 'disk.full'; readonly forMs: number | null }
  | { readonly kind: 'abort' }
  /** SIGKILL of our process. */
  | { readonly kind: 'kill' };

export type MoveIncidentKind = MoveIncident['kind'];

/** The catalogue that exploration goes through at every state. */
export const MOVE_INCIDENTS: readonly MoveIncident[] = [
  { kind: 'target.new-name.take', as: 'name' },
  { kind: 'target.new-name.take', as: 'altname' },
  { kind: 'target.old-name.take' },
  { kind: 'target.altname.take' },
  { kind: 'target.index.take' },
  { kind: 'target.remove' },
  { kind: 'target.replace' },
  { kind: 'home.name.take', as: 'name', forMs: 300 },
  { kind: 'home.name.take', as: 'name', forMs: null },
  { kind: 'home.name.take', as: 'altname', forMs: 300 },
  { kind: 'home.altname.take', forMs: 300 },
  { kind: 'home.altname.take', forMs: null },
  { kind: 'home.index.take' },
  { kind: 'link.remove' },
  { kind: 'link.rename' },
  { kind: 'link.set-down' },
  { kind: 'link.mtu', mtu: 1400 },
  { kind: 'link.mac' },
  { kind: 'link.address.add' },
  { kind: 'link.altname' },
  { kind: 'disk.full', forMs: 300 },
  { kind: 'disk.full', forMs: null },
  { kind: 'abort' },
  { kind: 'kill' },
];
