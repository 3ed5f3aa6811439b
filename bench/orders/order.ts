import type { Layout } from '../../src/domain/layout.ts';

/** Where an order is carried out: the network namespace is the one that the process is in. */
export interface OrderInput {
  readonly uplink: string;
  readonly bridge: string;
  readonly layout: Layout;
  /** `unix:…` */
  readonly ovsdb: string;
  readonly stateDir: string;
}

/** A moment of an order, in ms since its start. */
export interface Mark {
  readonly atMs: number;
  readonly text: string;
}

/** One way, ready to go: everything that a running agent has open is open. */
export interface ReadyLeg extends AsyncDisposable {
  /** Carries it out; resolves when it is done and applied. */
  go(mark: MarkMoment): Promise<void>;
}

/** Notes a moment: now, or `atMs` since the start. */
export type MarkMoment = (text: string, atMs?: number) => void;

/** An order in which an uplink is moved, and how it goes back. */
export interface Order {
  prepareThere(input: OrderInput): Promise<ReadyLeg>;
  /** Null where that project has no way back. */
  readonly prepareBack: ((input: OrderInput) => Promise<ReadyLeg>) | null;
}
