/** What `dpif/show-dp-features` of ovs-vswitchd 3.1 prints for the userspace datapath. */
const NETDEV_FEATURES = `Masked set action: Yes
Tunnel push pop: Yes
Ufid: Yes
Truncate action: Yes
Clone action: Yes
Sample nesting: 10
Conntrack eventmask: Yes
Conntrack clear: Yes
Max dp_hash algorithm: 1
Check pkt length action: Yes
Conntrack timeout policy: Yes
Explicit Drop action: Yes
Optimized Balance TCP mode: Yes
Conntrack all-zero IP SNAT: Yes
MPLS Label add: Yes
Max VLAN headers: 1
Max MPLS depth: 3
Recirc: Yes
CT state: Yes
CT zone: Yes
CT mark: Yes
CT label: Yes
CT state NAT: Yes
CT orig tuple: Yes
CT orig tuple for IPv6: Yes
IPv6 ND Extension: Yes`;

/** What it prints for a bridge of this datapath: a kernel's lacks what only userspace has. */
export function describeFeatures(datapath: 'netdev' | 'system'): string {
  if (datapath === 'netdev') return NETDEV_FEATURES;
  return NETDEV_FEATURES.replace('Tunnel push pop: Yes', 'Tunnel push pop: No')
    .replace('Explicit Drop action: Yes', 'Explicit Drop action: No')
    .replace('Optimized Balance TCP mode: Yes', 'Optimized Balance TCP mode: No')
    .replace('Max VLAN headers: 1', 'Max VLAN headers: 2')
    .replace('IPv6 ND Extension: Yes', 'IPv6 ND Extension: No');
}
