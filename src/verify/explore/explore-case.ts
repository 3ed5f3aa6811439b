import type { Layout } from '../../domain/layout.ts';
import type { Disturbed } from './disturbance.ts';
import type { Incident } from './incident.ts';

/**
 * What is run: `restore` is a migration that goes well and then its way back; `confirm` and `expire` have a window that is used or not; `again` asks for
 * the same migration once more.
 */
export const COURSES = ['migrate', 'confirm', 'expire', 'restore', 'again'] as const;
export type Course = (typeof COURSES)[number];

/** One migration of exploration as plain data: with the host descriptions it is all that a replay needs. */
export interface ExploreCase extends Disturbed<Incident> {
  readonly layout: Layout;
  readonly course: Course;
}
