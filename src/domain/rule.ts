/** A policy routing rule (RTM_NEWRULE); plain JSON. */
export interface Rule {
  readonly family: 4 | 6;
  readonly priority: number;
  /** FR_ACT_*: 1 to table, 2 goto, 3 nop, 6 blackhole, 7 unreachable, 8 prohibit. */
  readonly action: number;
  readonly table: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly tos: number;
  /** FRA_IIFNAME, FRA_OIFNAME: bound by name string, see {@link flags} for detached. */
  readonly iif: string | null;
  readonly oif: string | null;
  readonly fwmark: number | null;
  readonly fwmask: number | null;
  readonly goto: number | null;
  readonly suppressPrefixLength: number | null;
  readonly suppressGroup: number | null;
  readonly l3mdev: boolean;
  readonly uidRange: { readonly start: number; readonly end: number } | null;
  readonly ipProtocol: number | null;
  readonly sourcePorts: { readonly start: number; readonly end: number } | null;
  readonly destinationPorts: { readonly start: number; readonly end: number } | null;
  readonly protocol: number | null;
  /** FIB_RULE_* bits: 2 invert, 8 iif detached, 16 oif detached, 4 unresolved goto. */
  readonly flags: number;
}

/** FIB_RULE_INVERT */
export const FIB_RULE_INVERT = 0x2;
/** FIB_RULE_IIF_DETACHED: no link has that name now. */
export const FIB_RULE_IIF_DETACHED = 0x8;
/** FIB_RULE_OIF_DETACHED */
export const FIB_RULE_OIF_DETACHED = 0x10;
