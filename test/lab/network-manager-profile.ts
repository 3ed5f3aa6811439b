/** uuid of {@link STATIC_PROFILE}. */
export const STATIC_PROFILE_UUID = '2d2f1b6c-6b0e-4a3c-9a59-5c2b0f1f7d10';

/** A keyfile for NetworkManager: the uplink's addresses of a plain lab host, with gateways of both families and a DNS server. */
export const STATIC_PROFILE = `[connection]
id=uplink
uuid=${STATIC_PROFILE_UUID}
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1=10.9.0.2/24,10.9.0.1
dns=192.0.2.53;
[ipv6]
method=manual
address1=2001:db8:9::2/64,2001:db8:9::1
`;
