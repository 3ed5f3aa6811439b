import { type DumpCollector, type Dumper, dumpRequest } from './dump.ts';
import { MessageWriter } from './message-writer.ts';
import { forEachAttribute, NLMSG_HEADER, needLength, readString, type Wire } from './wire.ts';

/** Bytes of struct genlmsghdr. */
export const GENLMSGHDR = 4;
const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;

/** Starts a generic netlink message. */
export function genlMessage(command: number, version: number): MessageWriter {
  return new MessageWriter().header(GENLMSGHDR, (view, at) => {
    view.setUint8(at, command);
    view.setUint8(at + 1, version);
  });
}

/**
 * Names and message types of all generic netlink families. By dump, because asking for one by name makes the kernel load
 * the module that would provide it, and looking must not change anything.
 */
export function genlFamilies(dumper: Dumper): Promise<ReadonlyMap<string, number>> {
  const request = dumpRequest('generic netlink families', GENL_ID_CTRL, genlMessage(CTRL_CMD_GETFAMILY, 1).finish());
  return dumper.dump(request, createFamilyCollector);
}

/** Collects CTRL_CMD_NEWFAMILY messages. */
export function createFamilyCollector(): DumpCollector<ReadonlyMap<string, number>> {
  const families = new Map<string, number>();
  return {
    message(wire: Wire, type, at, end) {
      if (type !== GENL_ID_CTRL) return;
      let id = 0;
      let name = '';
      forEachAttribute(wire, at + NLMSG_HEADER + GENLMSGHDR, end, (attribute, offset, length) => {
        if (attribute === CTRL_ATTR_FAMILY_NAME) name = readString(wire, offset, length);
        else if (attribute === CTRL_ATTR_FAMILY_ID) {
          needLength('CTRL_ATTR_FAMILY_ID', length, 2);
          id = wire.u16[offset >> 1]!;
        }
      });
      families.set(name, id);
    },
    result: () => families,
  };
}
