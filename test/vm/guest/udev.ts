import type { JsonObject } from '../../lab/host-image.ts';
import { captureHost } from '../../lab/host-image.ts';
import type { Lab } from '../../lab/lab.ts';
import { startUdev } from '../../lab/udev.ts';
import { watchKernel } from '../../lab/watch.ts';
import { outcomesOf } from '../../live/killing/mortals.ts';
import { differencesFrom } from '../../live/killing/settle.ts';
import { GUEST_DEADLINES } from './journey.ts';
import { inSharedLab } from './shared-lab.ts';

/** How often, and how long udev's workers wait before they act. */
export interface UdevRounds {
  readonly rounds: number;
  readonly delaysMs: readonly number[];
}

/** What was wrong, one line each, and how often udev gave the uplink its old name back. */
export interface UdevResult {
  readonly problems: readonly string[];
  readonly returns: number;
}

const ALTNAMES = ['eth0', 'enp0s1', 'lan'];

/** Migrates and restores while a real systemd-udevd gives the uplink its old name as an altname. */
export async function udevThereAndBack({ rounds, delaysMs }: UdevRounds): Promise<UdevResult> {
  return await inSharedLab('plain', async ({ lab, worker }) => {
    const [link] = JSON.parse(await lab.hostIp('-j', 'link', 'show', 'eth0')) as JsonObject[];
    const names = ALTNAMES.map(name => `AlternativeName=${name}\n`).join('');
    const text = `[Match]\nMACAddress=${link?.address}\nKind=!openvswitch\n[Link]\nNamePolicy=keep\n${names}`;
    await using udev = await startUdev(lab, { linkFiles: { '10-lab.link': text }, delaysMs });
    await using watch = await watchKernel(lab.hostNs, ['link']);
    const mortal = await worker();
    const problems: string[] = [];
    const given = await altnames(lab, 'eth0');
    const before = await captureHost(lab);
    for (let round = 1; round <= rounds; round += 1) {
      const say = (text: string) => problems.push(`round ${round}: ${text}`);
      const request = { uplink: 'eth0', bridge: 'br-ext', layout: 'host-port', deadlines: GUEST_DEADLINES } as const;
      const [there] = outcomesOf(await mortal.ask({ do: 'migrate', options: request }));
      if (there?.result !== 'committed') {
        say(`migrate: ${JSON.stringify(there)}`);
        break;
      }
      await udev.udevadm('settle');
      const meanwhile = await altnames(lab, 'eth0~');
      if (meanwhile !== 'enp0s1 lan') say(`altnames on eth0~: ${meanwhile}`);
      const [back] = outcomesOf(await mortal.ask({ do: 'restore', uplink: 'eth0' }));
      if (back?.result !== 'rolledBack') say(`restore: ${JSON.stringify(back)}`);
      await udev.udevadm('settle');
      const now = await altnames(lab, 'eth0');
      if (now !== given) say(`altnames at the end: ${now}, before ${given}`);
      (await differencesFrom(lab, before, round)).forEach(say);
      if (problems.length > 0) break;
    }
    for (const name of given.split(' ')) await lab.hostIp('link', 'property', 'del', 'dev', 'eth0', 'altname', name);
    return { problems, returns: watch.lines.filter(line => /eth0~.*altname eth0(\s|\\|$)/.test(line)).length };
  });
}

async function altnames(lab: Lab, link: string): Promise<string> {
  const [shown] = JSON.parse(await lab.hostIp('-j', 'link', 'show', link)) as JsonObject[];
  return ((shown?.altnames ?? []) as readonly string[]).toSorted().join(' ');
}
