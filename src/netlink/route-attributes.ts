/** RTA_* and RTAX_* numbers (linux/rtnetlink.h) that this client reads or writes. */
export const RTA_DST = 1;
export const RTA_SRC = 2;
export const RTA_OIF = 4;
export const RTA_GATEWAY = 5;
export const RTA_PRIORITY = 6;
export const RTA_PREFSRC = 7;
export const RTA_METRICS = 8;
export const RTA_MULTIPATH = 9;
export const RTA_CACHEINFO = 12;
export const RTA_TABLE = 15;
export const RTA_VIA = 18;
export const RTA_PREF = 20;
export const RTA_ENCAP_TYPE = 21;
export const RTA_EXPIRES = 23;
export const RTA_NH_ID = 30;

/** The congestion control algorithm: the one metric that is a string. */
export const RTAX_CC_ALGO = 16;

/** Bytes of struct rtmsg and struct rtnexthop. */
export const RTMSG = 12;
export const RTNEXTHOP = 8;

/** Entries that the kernel cached for one destination (PMTU, redirects); no routes of anybody. */
export const RTM_F_CLONED = 0x200;
/** rtm_flags carries the RTNH_F_* of a single leg in its low byte. */
export const RTNH_FLAGS_MASK = 0xff;
/** USER_HZ: the unit of rta_cacheinfo. */
export const CLOCK_TICKS_PER_SECOND = 100;
