import type { Attachment } from '../../domain/move/request.ts';
import type { DeviceMover } from '../device-mover.ts';
import { moveError } from './move-error.ts';

/** Brings the link of an attachment home, if it has one. Rejects when it is not there afterwards. */
export async function bringHome(mover: DeviceMover, attachment: Attachment): Promise<void> {
  const outcome = await mover.returnLink({ attachment });
  if (outcome.result !== 'restored') throw moveError(outcome, 'cannot bring the link home', attachment.ifname);
}
