import { CNI_CODES, CniError, toCniError } from '../cni-error.ts';
import { selectorOf } from '../config/device-selector.ts';
import { checkConfig, statusSchema } from '../config/network-config.ts';
import { findDevice } from '../find-device.ts';
import { openIpam } from '../ipam/ipam.ts';
import type { CommandContext } from './context.ts';

/**
 * Succeeds when an ADD would find the engine, the device and IPAM. A device that is in use is one that ADD would not find. Where the runtime picks
 * devices (`runtimeConfig.deviceID`), none is named now, and none is looked for.
 */
export async function status(context: CommandContext): Promise<void> {
  const config = checkConfig(statusSchema, context.config);
  const selector = selectorOf(config);
  try {
    await using mover = await context.openMover(config);
    const [links, attachments] = [await mover.links(), await mover.attachments()];
    if (selector !== undefined) await findDevice(selector, { links, attachments, root: context.root });
  } catch (error) {
    const { message, details } = toCniError(error);
    throw new CniError(CNI_CODES.notAvailable, message, details);
  }
  const ipam = await openIpam(config.ipam?.type, context);
  await ipam?.run('STATUS');
}
