import type { MoveContext, MoveInput } from '../../../machines/link-move-types.ts';
import { createSimulatedFolder } from '../../engine/simulated-surroundings.ts';
import { addNamespace, createWorld } from '../../host/simulated/world.ts';
import type { CourseReader } from './course-notes.ts';
import { createCourseNotes } from './course-notes.ts';
import { underVirtualTime } from './drain.ts';
import type { PlainCourse } from './plain-course.ts';
import { readPlainHost, startPlainProcess } from './plain-course.ts';

const NETNS = '/run/netns/target';
const NAME = 'net0';

const MOVE: CourseReader<MoveInput> = {
  inputOf(context) {
    const { request, entry, plan, snapshot, maxAttempts } = context as MoveContext;
    return { request, entry, plan, snapshot, maxAttempts };
  },
  factsOf: () => undefined,
};

let course: Promise<PlainCourse<MoveInput>> | undefined;

/** What the chart link-move hears and is answered while the plain host's NIC is moved and then brought home, undisturbed; followed once in a process. */
export function followPlainMove(): Promise<PlainCourse<MoveInput>> {
  course ??= follow();
  return course;
}

async function follow(): Promise<PlainCourse<MoveInput>> {
  const { uplink: link, ...description } = await readPlainHost();
  const world = createWorld({ ...description, uplink: link });
  addNamespace(world, NETNS);
  const folder = createSimulatedFolder();
  const { inspect, taken } = createCourseNotes(MOVE);
  const first = startPlainProcess(world, folder, inspect);
  const moving = first.engine.moveLink({ link, netns: NETNS, name: NAME, accept: ['move-link-in-use'] });
  await underVirtualTime(world.clock, moving.outcome);
  first.kill();
  const second = startPlainProcess(world, folder, inspect);
  await underVirtualTime(world.clock, second.engine.returnLink({ link }).outcome);
  second.kill();
  return { ...taken(), features: '' };
}
