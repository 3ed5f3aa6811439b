import type { CommandFunction } from '../command-context.ts';
import type { Stage } from '../demo/acts.ts';
import type { ExitCode } from '../exit-code.ts';
import { visible } from '../terminal/palette.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withStopSignals } from '../with-stop-signals.ts';

const HERE = [
  'what works without it:',
  '  ovs-uplink doctor              what would go wrong on this host',
  '  ovs-uplink plan -i IF -b BR    what would be done here; changes nothing',
];

/**
 * `demo`: shows a migration, a restore and a rollback in namespaces of its own. 0 when everything was as promised, 1 when not, 3 where no
 * lab can be made, 4 when it was stopped; the lab is gone in every case.
 */
export const demo: CommandFunction = async ({ terminal }) => {
  const { labNeeds } = await import('../../../test/lab/lab.ts');
  const needs = labNeeds();
  if (needs.length > 0) return refuse(terminal, needs);
  return withStopSignals(terminal, async (signal): Promise<ExitCode> => {
    try {
      return await play(terminal, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      terminal.complain('stopped; the lab is gone');
      return 4;
    }
  });
};

async function play(terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const { createLab } = await import('../../../test/lab/lab.ts');
  const { configurePlainHost } = await import('../../../test/lab/rich-host.ts');
  const { captureHost } = await import('../../../test/lab/host-image.ts');
  const acts = await import('../demo/acts.ts');
  const heading = (text: string) => {
    if (!terminal.json) terminal.line(terminal.outPalette.strong(text));
  };

  heading('The lab: a host, its gateway and a far host in network namespaces, with an Open vSwitch of their own');
  const lab = await createLab({ name: 'demo', signal });
  try {
    await configurePlainHost(lab);
    if (!terminal.json) for (const line of await describeHost(lab)) terminal.line(line);
    const before = await captureHost(lab);
    const stage: Stage = { lab, terminal, signal };

    heading('1. The plan');
    if (!(await acts.showPlan(stage))) return 1;
    heading('2. Migrate, while the far host sends 1000 datagrams a second in each family');
    const moved = await acts.migrateUnderProbe(stage);
    heading('3. Restore');
    const restored = await acts.restoreUnderProbe(stage, before);
    heading('4. Migrate again, and a service that must answer afterwards vanishes on the way');
    const rolledBack = await acts.migrateAndBreak(stage, before);
    const good = moved && restored && rolledBack;
    heading(good ? 'All as promised.' : 'NOT as promised: see above; please report this.');
    return good ? 0 : 1;
  } finally {
    await lab.destroy();
  }
}

async function describeHost(lab: Stage['lab']): Promise<readonly string[]> {
  const addresses = await lab.hostIp('-br', 'addr', 'show', 'dev', lab.uplinkName);
  const routes = await lab.hostIp('route', 'show', 'default');
  return [...addresses.split('\n'), ...routes.split('\n')].map(line => `  ${visible(line.trim())}`);
}

function refuse(terminal: Terminal, needs: readonly string[]): ExitCode {
  terminal.complain('no lab can be made here');
  if (terminal.json) terminal.object({ needs });
  else for (const line of [...needs.map(need => `  ${visible(need)}`), ...HERE]) terminal.line(line);
  return 3;
}
