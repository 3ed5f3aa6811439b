// Started by bin/ovs-uplink.
import { load } from './load.mjs';

await load('cli/main');
