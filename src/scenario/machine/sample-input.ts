import type { MoveAssessment, MoveInput } from '../../../machines/link-move-types.ts';
import type { Assessment, MigrationInput, StepReport } from '../../../machines/uplink-migration-types.ts';
import type { MachineName } from '../scenario.ts';
import type { ChartStart } from './bind-scripted.ts';
import type { Mapping } from './complete.ts';
import { complete, isMapping, unknownFields } from './complete.ts';
import type { CourseRequest, PlainCourse } from './plain-course.ts';

const READINESS_LIMIT_MS = 30_000;

/** The samples of one chart; which input they have follows from the chart. */
export type AnyCourse = PlainCourse<MigrationInput | MoveInput>;

/**
 * With what a chart starts, where the scenario's `input` says nothing else; a mapping in it is merged key by key.
 *
 * - `uplink-migration`: the plain host's request with the deadlines of the command line; one that resumes (`entry` other than `assessing`) has the
 *   plan and the snapshot of its journal.
 * - `ovs-readiness`: no bridge, ends with the first readiness, 30 s.
 * - `link-ownership`: NetworkManager has let the uplink go.
 * - `link-move`: the plain host's NIC goes to /run/netns/target as net0; one that resumes has the plan and the snapshot of its journal.
 * - `altname-guard`: the plain host's uplink right after its renaming; its old name is in dispute.
 */
export function startOf(machine: MachineName, given: Mapping, samples: AnyCourse): ChartStart {
  if (machine === 'link-move') {
    return { machine, input: complete(given, moveInput(given, samples as PlainCourse<MoveInput>)) as MoveInput };
  }
  const course = samples as PlainCourse;
  switch (machine) {
    case 'uplink-migration':
      return { machine, input: complete(given, migrationInput(given, course)) as MigrationInput };
    case 'ovs-readiness':
      return {
        machine,
        input: { bridge: null, once: true, deadlineMs: READINESS_LIMIT_MS, clearFlowRestoreWait: false, ...given },
      };
    case 'link-ownership': {
      const sample = { linkIndex: course.input.plan?.uplinkIndex ?? 0, released: ['NetworkManager' as const] };
      return { machine, input: { ...sample, ...given } };
    }
    case 'altname-guard': {
      const { uplink: name } = course.input.request;
      const link = (course.answers.get('forwardStep preparing.standing.renamingUplink') as StepReport | undefined)
        ?.uplink;
      const sample = { linkIndex: link?.index ?? 0, name, link: link ?? null };
      return { machine, input: complete(given, sample) as typeof sample };
    }
  }
}

/** Fields of the given input that the chart's input does not have. */
export function unknownInput(given: Mapping, machine: MachineName, course: AnyCourse): readonly string[] {
  return unknownFields(given, startOf(machine, {}, course).input, 'input');
}

function moveInput(given: Mapping, { input, answers }: PlainCourse<MoveInput>): MoveInput {
  if (given['entry'] === undefined || given['entry'] === 'assessing') return input;
  const { plan, snapshot } = answers.get('assess') as MoveAssessment;
  return { ...input, plan, snapshot };
}

function migrationInput(given: Mapping, { input, answers }: PlainCourse): MigrationInput {
  if (given['entry'] === undefined || given['entry'] === 'assessing') return input;
  const { plan, snapshot } = answers.get('assess') as Assessment;
  return { ...input, plan, snapshot };
}

/** What of a migration's input changes the course that its samples are taken from. */
export function courseRequestOf(given: Mapping): CourseRequest {
  const request = isMapping(given['request']) ? given['request'] : {};
  const { layout, bridge, datapath, useExistingBridge, accept } = request as CourseRequest;
  return {
    ...(layout === undefined ? {} : { layout }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(datapath === undefined ? {} : { datapath }),
    ...(useExistingBridge === undefined ? {} : { useExistingBridge }),
    ...(accept === undefined ? {} : { accept }),
  };
}
