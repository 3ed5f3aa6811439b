import type { OvsEffect } from '../../../../src/host/linux-effects.ts';

/** One thing that happens to Open vSwitch or to the links beside it, done alike to the model and to the real one. */
export type OvsOperation =
  /** What our engine commits. */
  | { readonly op: 'commit'; readonly effect: OvsEffect }
  /** What `ovs-vsctl` in somebody else's hand does. */
  | { readonly op: 'bridge.add'; readonly name: string; readonly datapathType: 'netdev' | 'system' }
  | { readonly op: 'bridge.remove'; readonly name: string }
  | {
      readonly op: 'port.add';
      readonly bridge: string;
      readonly name: string;
      readonly type: '' | 'internal';
      readonly mac: string | null;
      readonly mtuRequest: number | null;
    }
  | { readonly op: 'port.remove'; readonly name: string }
  | { readonly op: 'mtu.request'; readonly name: string; readonly mtu: number | null }
  | { readonly op: 'flow-restore-wait'; readonly value: boolean }
  /** `next_cfg` alone. */
  | { readonly op: 'bump' }
  /** What `ip` does; the link is named by any name of it that the kernel knows. */
  | { readonly op: 'link.add'; readonly name: string; readonly mac: string }
  | { readonly op: 'link.remove'; readonly name: string }
  | { readonly op: 'link.rename'; readonly name: string; readonly to: string }
  | { readonly op: 'link.mtu'; readonly name: string; readonly mtu: number }
  | { readonly op: 'link.mac'; readonly name: string; readonly mac: string }
  | { readonly op: 'link.up'; readonly name: string; readonly up: boolean }
  | { readonly op: 'altname.add'; readonly name: string; readonly altname: string }
  | { readonly op: 'altname.remove'; readonly name: string; readonly altname: string }
  | { readonly op: 'vswitchd.kill' }
  | { readonly op: 'vswitchd.stop' }
  | { readonly op: 'vswitchd.start' }
  | { readonly op: 'vswitchd.hang' }
  | { readonly op: 'vswitchd.continue' }
  | { readonly op: 'ovsdb.restart' };

/** What became of an operation, in a form that both sides share. */
export type OperationOutcome = 'ok' | `refused: ${string}`;

/** What a user sees after an operation: rows and links, without what is random by nature. */
export interface OvsImage {
  readonly connected: boolean;
  readonly applied: boolean;
  readonly flowRestoreWait: boolean;
  readonly bridges: readonly BridgeImage[];
  readonly interfaces: readonly InterfaceImage[];
  readonly links: readonly LinkImage[];
}

export interface BridgeImage {
  readonly name: string;
  /** The bridge's MAC makes it, which its own port has, too. */
  readonly datapathId: 'unset' | 'of its port' | 'other';
  readonly ports: readonly string[];
}

export interface InterfaceImage {
  readonly name: string;
  readonly type: string;
  readonly ofport: 'null' | 'failed' | 'port' | 'local';
  readonly error: string;
  readonly ifindex: string;
  readonly mac: string;
  readonly mtu: number | null;
}

export interface LinkImage {
  readonly name: string;
  readonly altnames: readonly string[];
  readonly kind: string;
  readonly up: boolean;
  readonly carrier: boolean | null;
  readonly mtu: number;
  readonly mac: string;
  readonly promiscuity: number;
  readonly master: string | null;
}
