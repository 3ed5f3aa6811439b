import type { Attachment } from '../../domain/move/request.ts';
import { CNI_CODES, type CniError, cniError, cniErrorOf, joinErrors, toCniError } from '../cni-error.ts';
import { noSelector, selectorOf } from '../config/device-selector.ts';
import { addSchema, checkConfig } from '../config/network-config.ts';
import type { CniResult } from '../config/result-schema.ts';
import type { DeviceMover } from '../device-mover.ts';
import type { Target } from '../environment.ts';
import { findDevice } from '../find-device.ts';
import { type Ipam, openIpam } from '../ipam/ipam.ts';
import { checkNetns } from '../netns-path.ts';
import { extendResult, interfaceOf, toVersion } from '../result.ts';
import { isSameAttachment } from '../same-attachment.ts';
import { wantedConfiguration } from '../wanted-configuration.ts';
import { bringHome } from './bring-home.ts';
import type { CommandContext } from './context.ts';
import { moveError } from './move-error.ts';

/** Moves the device into the container, gives it what IPAM says, and tells the result. What fails on the way is undone before the error is thrown. */
export async function add(context: CommandContext, target: Target & { readonly netns: string }): Promise<object> {
  const { version, root } = context;
  const { containerId, ifname, netns } = target;
  const config = checkConfig(addSchema, context.config);
  const selector = selectorOf(config);
  if (selector === undefined) throw noSelector(config);
  await checkNetns(netns);
  // Before anything is changed: a plugin that is not there need not cost a way back.
  const ipam = await openIpam(config.ipam?.type, context);
  await using mover = await context.openMover(config);
  const attachment: Attachment = { network: config.name, containerId, ifname };
  await mover.recover();
  const attachments = await mover.attachments();
  if (attachments.some(moved => isSameAttachment(moved.attachment, attachment))) throw secondAdd(attachment);
  const { link, pciAddress } = await findDevice(selector, { links: await mover.links(), attachments, root });

  const outcome = await mover.moveLink({ link, netns, name: ifname, attachment });
  if (outcome.result !== 'inUse') throw moveError(outcome, 'cannot move the link', link.name);
  try {
    const fromIpam = await ipam?.add();
    if (fromIpam !== undefined) await configure(mover, netns, ifname, fromIpam);
    const view = await mover.look(netns, ifname);
    if (view === undefined) throw vanished(netns, ifname);
    const ours = interfaceOf(view.link, netns, pciAddress, version);
    const result = extendResult(config.prevResult ?? undefined, ours, fromIpam, config.dns ?? undefined);
    return toVersion(result, version);
  } catch (error) {
    throw await undo(toCniError(error), mover, attachment, ipam);
  }
}

function secondAdd({ containerId, ifname }: Attachment): CniError {
  return cniError(CNI_CODES.refused, {
    what: 'the container has this interface of the network already',
    object: `${ifname} of ${containerId}`,
    expected: 'a DEL between two ADDs',
    got: 'a second ADD',
    advice: 'take it away with DEL first',
  });
}

async function configure(mover: DeviceMover, netns: string, ifname: string, result: CniResult): Promise<void> {
  const failure = await mover.configure(netns, ifname, wantedConfiguration(result));
  if (failure !== null) throw cniErrorOf(failure, CNI_CODES.configureFailed);
}

function vanished(netns: string, ifname: string): CniError {
  return cniError(CNI_CODES.moveFailed, {
    what: 'the link that was moved is gone',
    object: `${ifname} in ${netns}`,
    expected: 'the link',
    got: 'none of that name',
    advice: 'see what else acts on links of the container',
  });
}

/** Gives the addresses and the link back. The error to throw: that the link cannot go home is worse news than why it should. */
async function undo(
  error: CniError,
  mover: DeviceMover,
  attachment: Attachment,
  ipam: Ipam | undefined,
): Promise<CniError> {
  const notReleased = await ipam?.run('DEL').then(() => undefined, toCniError);
  const notHome = await bringHome(mover, attachment).then(() => undefined, toCniError);
  const [worst = error, ...others] = [notHome, error, notReleased].filter(one => one !== undefined);
  return joinErrors(worst, others);
}
