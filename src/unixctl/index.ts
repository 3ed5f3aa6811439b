/** The control socket of Open vSwitch's daemons (unixctl(7)): what `ovs-appctl` talks to. */

export { createUnixctlClient, type UnixctlClient, type UnixctlOptions } from './client.ts';
export { isUnknownCommand, type UnixctlCommand } from './replies.ts';
export { findUnixctlSocket } from './socket-path.ts';
