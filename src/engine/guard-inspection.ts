import type { InspectionEvent } from 'xstate';

/**
 * Keeps what an inspector throws away from the chart: at `@xstate.snapshot` it would wedge the actor for good, at the other events kill it or
 * lose the event (xstate 5.33, Mailbox.ts). What was thrown becomes a process warning.
 */
export function guardInspection(inspect: (event: InspectionEvent) => void): (event: InspectionEvent) => void {
  return event => {
    try {
      inspect(event);
    } catch (error) {
      process.emitWarning(`inspector of a chart threw: ${String(error)}`, { code: 'OVS_UPLINK_INSPECTOR' });
    }
  };
}
