import * as z from 'zod';
import { meantBy } from '../../../host/simulated/description/describe-issue.ts';
import { actorNamesOf, eventTypesOf, stateNamesOf } from '../../machine/vocabulary.ts';
import { MACHINES, type MachineName } from '../../scenario.ts';
import { head } from './head.ts';
import { match } from './match.ts';
import { isPattern, patternsOver, textOrPattern } from './patterns.ts';
import { dataMap, duration, failure, hasAtMostOneOf, hasOneOf, wordOf } from './values.ts';

/** Neither is an answer, too: with what the sample has. */
const answerShape = { output: z.unknown().optional(), error: failure.optional() };

/** A scenario of one chart: its states, events and actors are those that the chart has. */
export function machineScenarioSchemaOf(machine: MachineName) {
  const states = stateNamesOf(machine);
  const actorName = wordOf('actor', actorNamesOf(machine), `an actor of ${machine}`);
  const answer = z.strictObject(answerShape, 'output or error').check(hasAtMostOneOf(['output', 'error']));
  const eventType = wordOf('event', eventTypesOf(machine), `an event of ${machine}`);
  const event = z.union(
    [eventType, z.looseObject({ type: eventType }, 'an event with its type')],
    'an event, or keys and values with its type',
  );
  const state = wordOf('state', states, `a state of ${machine}`);
  const expectation = z.strictObject(
    {
      state: state.nullable().default(null),
      context: match.nullable().default(null),
      invoked: z.array(actorName, 'a list of actors').default([]),
      within: duration.optional(),
    },
    'state, context, invoked or within',
  );
  const answerStep = z
    .strictObject({ actor: actorName, ...answerShape }, 'actor, and output or error')
    .check(hasAtMostOneOf(['output', 'error']));
  const step = z
    .strictObject(
      {
        send: event.optional(),
        advance: duration.optional(),
        reach: state.optional().describe('Goes on as an undisturbed run on the plain host does'),
        answer: z.union([actorName, answerStep], 'an actor, or actor, and output or error').optional(),
        expect: expectation.optional(),
      },
      'send, advance, reach, answer or expect',
    )
    .meta({ title: 'step' })
    .check(hasOneOf(['send', 'advance', 'reach', 'answer', 'expect']));
  const patterns = patternsOver(states, invocationOf(machine));
  return z.strictObject(
    {
      ...head,
      kind: z.literal('MachineScenario', 'MachineScenario'),
      machine: z.literal(machine, machine),
      input: dataMap.default({}),
      answers: z
        .strictObject(Object.fromEntries(actorNamesOf(machine).map(name => [name, answer.optional()])), 'actors')
        .meta({ title: 'actor' })
        .default({}),
      steps: z.array(step, 'a list of steps').min(1, 'at least one step').max(1000, 'at most 1000 steps'),
      never: patterns,
      eventually: patterns,
    },
    'keys and values',
  );
}

/** `forwardStep makingHostPort`: an actor that the chart invokes, and what it is asked for. */
function invocationOf(machine: MachineName) {
  const actors = actorNamesOf(machine);
  return textOrPattern.check(({ value, issues }) => {
    const [actor = ''] = value.split(' ');
    if (isPattern(value) || actors.includes(actor)) return;
    const params = { ...meantBy(actor, actors, `an actor of ${machine}`) };
    issues.push({ code: 'custom', input: value, message: 'unknown actor', params });
  });
}

/** As it was read. */
export type MachineScenarioDocument = z.output<ReturnType<typeof machineScenarioSchemaOf>>;

/** The schema for each chart. */
export const MACHINE_SCENARIO_SCHEMAS = Object.fromEntries(
  MACHINES.map(machine => [machine, machineScenarioSchemaOf(machine)]),
) as Readonly<Record<MachineName, ReturnType<typeof machineScenarioSchemaOf>>>;
