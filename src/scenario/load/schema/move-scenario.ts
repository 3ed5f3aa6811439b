import * as z from 'zod';
import { MOVE_WAYS } from '../../../domain/move/plan.ts';
import { moveIncidents, plannedFaults } from '../../../verify/explore/case-yaml.ts';
import { MOVE_COURSES, PLAIN_NAME } from '../../../verify/explore/moves/move-case.ts';
import { head } from './head.ts';
import { text } from './values.ts';

/** How runs of moves end. */
export const MOVE_ENDS = ['inUse', 'restored', 'refused', 'stranded', 'killed'] as const;

const move = z.strictObject(
  {
    link: text.optional().describe('Its name at home; default: the uplink of the host'),
    name: text.default(PLAIN_NAME).describe('Its name in the target'),
    keepAddresses: z.boolean('true or false').default(false),
    way: z.enum(MOVE_WAYS, MOVE_WAYS.join(', ')).default('message').describe('What the kernel can do'),
    course: z.enum(MOVE_COURSES, MOVE_COURSES.join(', ')).default('move'),
  },
  'link, name, keepAddresses, way or course',
);

/** A host, a link of it that goes into another network namespace, and what happens meanwhile. */
export const moveScenarioSchema = z.strictObject(
  {
    ...head,
    kind: z.literal('MoveScenario', 'MoveScenario'),
    // Read by its own loader, which says better what is wrong with it.
    host: z.unknown().refine(value => value !== undefined && value !== null, {
      error: 'a host is missing: a name in fixtures/hosts, include: a path, or a description',
    }),
    move: move.prefault({}),
    faults: plannedFaults,
    incidents: moveIncidents,
    expect: z.strictObject(
      { ends: z.array(z.enum(MOVE_ENDS, MOVE_ENDS.join(', ')), 'a list of ends').min(1, 'at least one end') },
      'ends',
    ),
  },
  'keys and values',
);

/** As it was read. */
export type MoveScenarioDocument = z.output<typeof moveScenarioSchema>;
