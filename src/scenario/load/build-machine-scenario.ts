import type { Failure } from '../../errors.ts';
import type { YamlSource } from '../../host/simulated/description/yaml-source.ts';
import type { Answer, MachineScenario, MachineStep, Place, RecordedEntry, Recording } from '../scenario.ts';
import { buildHead, buildPatterns } from './build-head.ts';
import type { MachineScenarioDocument } from './schema/machine-scenario.ts';
import type { RecordingDocument } from './schema/recording.ts';

/** Makes a scenario of its document; everything in it was checked. */
export function buildMachineScenario(document: MachineScenarioDocument, source: YamlSource): MachineScenario {
  const answers = Object.entries(document.answers).flatMap(([actor, answer]) =>
    answer === undefined ? [] : [[actor, answerOf(answer)] as const],
  );
  return {
    kind: 'MachineScenario',
    ...buildHead(document, source),
    machine: document.machine,
    input: document.input,
    answers: Object.fromEntries(answers),
    steps: document.steps.map((step, at) => buildStep(step, source.placeOf(['steps', at]))),
    never: buildPatterns(document.never, 'never', source),
    eventually: buildPatterns(document.eventually, 'eventually', source),
  };
}

/** Makes a recording of its document. */
export function buildRecording(document: RecordingDocument, source: YamlSource): Recording {
  const { machine, header, input, entries } = document;
  return {
    kind: 'Recording',
    ...buildHead(document, source),
    machine,
    header,
    input,
    entries: entries.map((entry, at) => ({ ...entry, place: source.placeOf(['entries', at]) }) as RecordedEntry),
  };
}

function buildStep(step: MachineScenarioDocument['steps'][number], place: Place): MachineStep {
  const { send, advance, reach, answer, expect } = step;
  if (send !== undefined) return { step: 'send', event: typeof send === 'string' ? { type: send } : send, place };
  if (advance !== undefined) return { step: 'advance', ms: advance, place };
  if (reach !== undefined) return { step: 'reach', state: reach, place };
  if (typeof answer === 'string') return { step: 'answer', actor: answer, answer: { output: null }, place };
  if (answer !== undefined) return { step: 'answer', actor: answer.actor, answer: answerOf(answer), place };
  const { state = null, context = null, invoked = [], within: withinMs = 0 } = expect ?? {};
  return { step: 'expect', state, context, invoked, withinMs, place };
}

function answerOf({ output = null, error }: { readonly output?: unknown; readonly error?: unknown }): Answer {
  return error === undefined ? { output } : { error: error as Failure };
}
