import { answersTo } from '../../../domain/link.ts';
import type { World } from '../../../host/simulated/world.ts';
import type { CaseViolation } from '../judge.ts';
import type { MoveIncident, MoveIncidentKind } from './move-incident.ts';
import type { Subject } from './subject.ts';

/** What a case has come to. */
export interface Course {
  readonly happened: readonly MoveIncident[];
  /** Present state of the chart. */
  stateOf(): string;
}

/** After these it may be that nobody can tell what the link is called. */
const EXCUSES: readonly MoveIncidentKind[] = ['home.name.take', 'target.remove', 'target.replace'];

/** Tells each event of home that shows the link under a name that is not its own: udev and NetworkManager act on such a one. */
export function watchHome(
  world: World,
  subject: Subject,
  { happened, stateOf }: Course,
  report: (found: readonly CaseViolation[]) => void,
): { stop(): void } {
  const { name } = subject.link;
  let wasRenamed = false;
  const stop = world.kernel.subscribe(event => {
    if (event.type !== 'netlink.link.changed' || !subject.is(event.link)) return;
    const { link } = event;
    if (link.name === name || wasRenamed || happened.some(({ kind }) => EXCUSES.includes(kind))) return;
    // Somebody else has renamed it here, or while it was on its way home.
    wasRenamed = happened.some(({ kind }) => kind === 'link.rename');
    const isTaken = world.kernel
      .read({ routes: false })
      .links.some(other => !subject.is(other) && answersTo(other, name));
    if (wasRenamed || isTaken) return;
    report([{ invariant: 'move', what: 'home sees another name', object: stateOf(), expected: name, got: link.name }]);
  });
  return { stop };
}
