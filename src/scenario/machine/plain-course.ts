import type { InspectionEvent } from 'xstate';
import type { MigrationContext, MigrationInput } from '../../../machines/uplink-migration-types.ts';
import type { MigrationRequest } from '../../domain/request.ts';
import { createEngineIn } from '../../engine/create-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../engine/simulated-surroundings.ts';
import type { Host } from '../../host/host.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { loadHost } from '../../host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../host/simulated/simulated-host.ts';
import { spawnProcess } from '../../host/simulated/simulated-process.ts';
import type { World } from '../../host/simulated/world.ts';
import { createWorld } from '../../host/simulated/world.ts';
import { readShippedHosts } from '../../verify/explore/shipped-hosts.ts';
import type { CourseNotes, CourseReader } from './course-notes.ts';
import { createCourseNotes } from './course-notes.ts';
import { underVirtualTime } from './drain.ts';

const HOST_FILE = 'fixtures/hosts/plain.yaml';

/** What of a request changes the course. */
export type CourseRequest = Partial<
  Pick<MigrationRequest, 'layout' | 'bridge' | 'datapath' | 'useExistingBridge' | 'accept'>
>;

/**
 * What the charts hear and are answered while the plain host is migrated and then restored, undisturbed: the samples of every machine scenario.
 * They come from the engine itself on the simulated host, so they are as it makes them today.
 */
export interface PlainCourse<I = MigrationInput> extends CourseNotes<I> {
  /** What ovs-vswitchd said of its datapath when the migration was committed; empty for a chart that does not ask. */
  readonly features: string;
}

const courses = new Map<string, Promise<PlainCourse>>();

/** The plain host's course for one request; each is followed once in a process. */
export function followPlainCourse(request: CourseRequest): Promise<PlainCourse> {
  const { layout, bridge, datapath, useExistingBridge, accept } = request;
  const key = JSON.stringify([layout, bridge, datapath, useExistingBridge, accept]);
  const course = courses.get(key) ?? follow(request);
  courses.set(key, course);
  return course;
}

const MIGRATION: CourseReader<MigrationInput> = {
  inputOf(context) {
    const { request, entry, plan, snapshot, maxAttempts } = context as MigrationContext;
    return { request, entry, plan, snapshot, maxAttempts };
  },
  factsOf: (context, state) =>
    state === 'committed' ? ((context as MigrationContext).observed.ovs ?? undefined) : undefined,
};

async function follow(request: CourseRequest): Promise<PlainCourse> {
  const description = await readPlainHost();
  const { uplink } = description;
  const world = createWorld(description);
  const folder = createSimulatedFolder();
  const { inspect, taken } = createCourseNotes(MIGRATION);
  const { layout, datapath, bridge = description.request.bridge, useExistingBridge = false, accept = [] } = request;
  const first = startPlainProcess(world, folder, inspect);
  const migration = first.engine.migrate({
    uplink,
    bridge,
    useExistingBridge,
    accept,
    ...(layout === undefined ? {} : { layout }),
    ...(datapath == null ? {} : { datapath }),
  });
  const { result } = await underVirtualTime(world.clock, migration.outcome);
  if (result !== 'committed') return { ...taken(), features: '' };
  const made = taken().facts.bridge?.name ?? bridge;
  const asked = first.host.showDatapathFeatures(made, new AbortController().signal);
  const features = await underVirtualTime(world.clock, asked);
  first.kill();
  const second = startPlainProcess(world, folder, inspect);
  await underVirtualTime(world.clock, second.engine.restore({ uplink }).outcome);
  second.kill();
  return { ...taken(), features };
}

/** The host that all samples are of. */
export async function readPlainHost(): Promise<HostDescription> {
  const shipped = (await readShippedHosts()).find(({ file }) => file === HOST_FILE);
  return loadHost(shipped?.text ?? '', HOST_FILE);
}

/** A process that nothing disturbs. */
export interface Started {
  readonly host: Host;
  readonly engine: Engine;
  kill(): void;
}

/** Starts one. */
export function startPlainProcess(
  world: World,
  folder: SimulatedFolder,
  inspect: (event: InspectionEvent) => void,
): Started {
  const process = spawnProcess({ clock: world.clock, oracle: () => undefined, slowMs: 0 });
  const host = createSimulatedHost(world, process);
  const surroundings = createSimulatedSurroundings(process, folder, () => 'sample');
  return { host, engine: createEngineIn({ ...surroundings, inspect }, { host }), kill: () => process.kill() };
}
