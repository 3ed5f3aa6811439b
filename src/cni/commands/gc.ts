import { checkConfig, gcSchema } from '../config/network-config.ts';
import { openIpam } from '../ipam/ipam.ts';
import { createAttempts } from './attempts.ts';
import { bringHome } from './bring-home.ts';
import type { CommandContext } from './context.ts';

/**
 * Brings home every link of the network whose attachment is no longer valid, and lets IPAM do the like. Goes on after errors, and throws them as
 * one. Where the runtime does not say which are valid, no link is touched but those that runs which died have left.
 */
export async function gc(context: CommandContext): Promise<void> {
  const config = checkConfig(gcSchema, context.config);
  const valid = config['cni.dev/valid-attachments'];
  const attempts = createAttempts();
  await attempts.attempt(async () => {
    await using mover = await context.openMover(config);
    await mover.recover();
    if (valid === undefined) return;
    for (const { attachment } of await mover.attachments()) {
      const { network, containerId, ifname } = attachment;
      if (network !== config.name) continue;
      if (valid.some(one => one.containerID === containerId && one.ifname === ifname)) continue;
      await attempts.attempt(() => bringHome(mover, attachment));
    }
  });
  await attempts.attempt(async () => {
    const ipam = await openIpam(config.ipam?.type, context);
    await ipam?.run('GC');
  });
  attempts.throwIfAny();
}
