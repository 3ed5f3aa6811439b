import { captureHost } from '../../lab/host-image.ts';
import { settle } from '../../live/killing/settle.ts';
import { GUEST_DEADLINES } from './journey.ts';
import { inSharedLab } from './shared-lab.ts';

/** What came of killing migrations. */
export interface KilledResult {
  /** Points at which one was really killed. */
  readonly killedAt: readonly string[];
  /** What was wrong after the next start, one line each. */
  readonly problems: readonly string[];
}

/**
 * A migration is killed (SIGKILL) at each of the points, one after another; the next process recovers, and restores what it finds committed.
 * The host must be as before then.
 */
export async function killMigration({ points }: { readonly points: readonly string[] }): Promise<KilledResult> {
  return await inSharedLab('plain', async ({ lab, mortals }) => {
    const before = await captureHost(lab);
    const options = { uplink: 'eth0', bridge: 'br-ext', layout: 'host-port', datapath: 'system' } as const;
    const killedAt: string[] = [];
    const problems: string[] = [];
    for (const [index, point] of points.entries()) {
      const dying = await mortals.next();
      const migration = { do: 'migrate', options: { ...options, deadlines: GUEST_DEADLINES }, die: point } as const;
      const reply = await dying.ask(migration);
      if (reply.type === 'killed') killedAt.push(reply.point);
      await dying.kill();
      const next = await mortals.next();
      problems.push(
        ...(await settle(lab, next, before, index + 1)).problems.map(text => `killed at "${point}": ${text}`),
      );
      await next.kill();
    }
    return { killedAt, problems };
  });
}
