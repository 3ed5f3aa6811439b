import type { Incident } from '../verify/explore/incident.ts';

/**
 * What others do to the host: the incidents of the exploration (`uplink.carrier.lose`, `vswitchd.kill`, …), and changes that name their object. The
 * host's links are named as they are called at that moment; addresses, routes and rules are lines as `ip` takes them, checked when they are loaded.
 */
export type Actor = Incident | Change;

/** A change to one object, by whoever manages the host. */
export type Change =
  | { readonly kind: 'altname.add' | 'altname.remove'; readonly link: string; readonly altname: string }
  | { readonly kind: 'link.add'; readonly name: string; readonly linkKind: string; readonly on: string | null }
  | { readonly kind: 'link.remove'; readonly link: string }
  | { readonly kind: 'link.rename'; readonly link: string; readonly to: string }
  | {
      readonly kind: 'link.set';
      readonly link: string;
      readonly up: boolean | null;
      readonly mtu: number | null;
      readonly mac: string | null;
    }
  | { readonly kind: 'address.add' | 'address.remove'; readonly link: string; readonly address: string }
  | { readonly kind: 'route.add' | 'route.remove'; readonly route: string }
  | { readonly kind: 'rule.add' | 'rule.remove'; readonly rule: string }
  | { readonly kind: 'sysctl.write'; readonly link: string; readonly key: string; readonly value: string }
  /** Another client of OVSDB. */
  | { readonly kind: 'ovsdb.port.remove'; readonly port: string }
  | { readonly kind: 'ovsdb.bridge.remove'; readonly bridge: string };
