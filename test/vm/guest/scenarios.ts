import { bondThereAndBack, ovsBondThereAndBack, teamThereAndBack } from './bond.ts';
import { conformKernel } from './conformance.ts';
import { waitForFlows } from './flow-restore.ts';
import { killMigration } from './killed.ts';
import { attachThereAndBack, layoutThereAndBack } from './layouts.ts';
import { moveThereAndBack } from './link-move.ts';
import { startOnManagedTeam } from './managed-team.ts';
import { moveLinks, returnHardware } from './netns-move.ts';
import { udevThereAndBack } from './udev.ts';
import { vlanRefused, vlanThereAndBack } from './vlan.ts';

/** Everything that the host can ask for. */
export const scenarios = {
  attachThereAndBack,
  bondThereAndBack,
  ovsBondThereAndBack,
  conformKernel,
  killMigration,
  layoutThereAndBack,
  moveLinks,
  moveThereAndBack,
  returnHardware,
  startOnManagedTeam,
  teamThereAndBack,
  udevThereAndBack,
  vlanRefused,
  vlanThereAndBack,
  waitForFlows,
} as const;
