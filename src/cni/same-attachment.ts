import type { Attachment } from '../domain/move/request.ts';

/** True when both are the same link of the same container in the same network. */
export function isSameAttachment(a: Attachment, b: Attachment): boolean {
  return a.network === b.network && a.containerId === b.containerId && a.ifname === b.ifname;
}
