import { checkConfig, delSchema } from '../config/network-config.ts';
import type { Target } from '../environment.ts';
import { openIpam } from '../ipam/ipam.ts';
import { createAttempts } from './attempts.ts';
import { bringHome } from './bring-home.ts';
import type { CommandContext } from './context.ts';

/**
 * Gives the addresses back and brings the device home, from wherever it is. The one is done whether or not the other succeeds, and both succeed
 * where there is nothing to do.
 */
export async function del(context: CommandContext, { containerId, ifname }: Target): Promise<void> {
  const config = checkConfig(delSchema, context.config);
  const attempts = createAttempts();
  // The addresses first: a DHCP client gives them back by the link.
  await attempts.attempt(async () => {
    const ipam = await openIpam(config.ipam?.type, context);
    await ipam?.run('DEL');
  });
  await attempts.attempt(async () => {
    await using mover = await context.openMover(config);
    await mover.recover();
    await bringHome(mover, { network: config.name, containerId, ifname });
  });
  attempts.throwIfAny();
}
