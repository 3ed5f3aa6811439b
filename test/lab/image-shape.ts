/** An object as `ip -j`, `tc -j` and ovsdb-client print it. */
export type JsonObject = { readonly [key: string]: Json };
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** Everything of a host that a way back must restore; plain JSON, as the programs print it. */
export interface HostImage {
  /** Unix time of the dump in seconds, for lifetimes. */
  readonly takenAtS: number;
  /** The link whose sysctls and queueing disciplines are in the image. */
  readonly linkName: string;
  readonly links: readonly JsonObject[];
  /** One a link, with `addr_info` in the kernel's order. */
  readonly addresses: readonly JsonObject[];
  readonly routes4: readonly JsonObject[];
  readonly routes6: readonly JsonObject[];
  readonly rules4: readonly JsonObject[];
  readonly rules6: readonly JsonObject[];
  /** Permanent neighbours. */
  readonly neighbours4: readonly JsonObject[];
  readonly neighbours6: readonly JsonObject[];
  /** Path under `/proc/sys/net` to value, the link's name replaced by `<link>`. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly qdiscs: readonly JsonObject[];
  /** `nft list ruleset`, one entry a line. */
  readonly nftables: readonly string[];
  /** OVSDB rows with an `ovs-uplink:` key in external_ids or other_config; empty while ovsdb-server does not run. */
  readonly ovsRows: readonly JsonObject[];
}

/** True for JSON objects, as against arrays and scalars. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
