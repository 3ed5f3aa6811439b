import { linkByIndex } from '../../../domain/kernel-state.ts';
import type { Link } from '../../../domain/link.ts';
import { IFF_LOOPBACK } from '../../../domain/link.ts';
import { STAYING_KINDS } from '../../../domain/move/precheck.ts';
import type { HostDescription } from '../../../host/simulated/description/host-description.ts';
import type { MoveCase } from './move-case.ts';
import { MOVE_COURSES, PLAIN_NAME } from './move-case.ts';

/** Links of one host that are moved: more of the same are no news. */
const LINKS = 2;
/** Courses of each. */
const COURSES = 2;

/** The undisturbed moves of some hosts: their links take turns with the courses, the names and what the kernel can do. */
export function undisturbedMoves(hosts: readonly HostDescription[]): readonly MoveCase[] {
  const links = hosts.flatMap(host =>
    movableLinks(host)
      .slice(0, LINKS)
      .map(link => ({ host, link })),
  );
  return links.flatMap(({ host, link }, at) =>
    Array.from({ length: COURSES }, (_, turn): MoveCase => {
      const number = at * COURSES + turn;
      const names = [PLAIN_NAME, link.name, ...link.altnames.filter(altname => altname.length <= 15).slice(0, 1)];
      return {
        host: host.name,
        link: link.name,
        name: names[Math.floor(number / MOVE_COURSES.length) % names.length] ?? PLAIN_NAME,
        keepAddresses: number % 3 === 0,
        way: number % 2 === 0 ? 'message' : 'steps',
        course: MOVE_COURSES[(number + 1) % MOVE_COURSES.length] ?? 'return',
        faults: [],
        incidents: [],
      };
    }),
  );
}

/** The uplink last. */
function movableLinks({ kernel, uplink }: HostDescription): readonly Link[] {
  const movable = kernel.links.filter(link => {
    if ((link.flags & IFF_LOOPBACK) !== 0 || STAYING_KINDS.includes(link.kind ?? '')) return false;
    // What Open vSwitch makes comes and goes with it.
    return linkByIndex(kernel, link.master ?? 0)?.kind !== 'openvswitch' && link.kind !== 'tun';
  });
  return [...movable.filter(({ name }) => name !== uplink), ...movable.filter(({ name }) => name === uplink)];
}
