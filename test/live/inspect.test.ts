import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { expect, it } from 'vitest';
import { CHROMIUM, describeInBrowser, launchBrowser, openViewerPage } from '../inspect/viewer/browser.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configureRichHost } from '../lab/rich-host.ts';
import { makeNic, NIC } from './moving/nic.ts';
import { type CliResult, type RunningCli, runCli, spawnCli } from './support/cli.ts';

describeLive('runs on a real host, seen in a browser', () => {
  describeInBrowser('with ovs-uplink inspect', () => {
    it('are followed state by state, with what becomes of the host; also a run that dies, and the way back after it', async () => {
      await using lab = await createLab({ name: 'inspect' });
      await configureRichHost(lab);
      const inspecting = spawnCli(lab, ['inspect', '--port', '0', '--probe', 'gateway']);
      const url = await urlOf(inspecting);
      const browser = await browserIn(lab);
      try {
        await using viewer = await openViewerPage(browser, url);
        await viewer.page.getByText('Nothing was told yet').waitFor();

        const migrated = await runCli(lab, ['migrate', '-i', 'eth0', '-b', 'br-ext']);
        expect(migrated.code, migrated.stderr).toBe(0);
        await viewer.page.locator('[data-path="committed"][data-active]').waitFor();
        expect(await statesShown(viewer)).toEqual(statesTold(migrated));
        // The gate is a chart of its own, which the chart of the migration invokes.
        await viewer.page.getByRole('button', { name: 'ovsReadiness passed' }).click();
        await viewer.page.locator('[data-path="passed"][data-active]').waitFor();
        // Again: the newest run is followed.
        await viewer.page.getByRole('button', { name: 'ovsReadiness passed' }).click();
        await viewer.press('End');
        await viewer.page.getByLabel('the beginning').check();
        // Not what the run says, but what the kernel and Open vSwitch have.
        const host = await viewer.changes('Host');
        expect(host).toMatch(/links › eth0~/);
        expect(host).toMatch(/bridges › br-ext/);
        expect(await viewer.page.locator('.probe').first().innerText()).toMatch(/: (no outage|longest outage)/);

        // The next run is another actor of the same page; this one dies in the middle.
        await runCli(lab, ['restore', '-i', 'eth0']);
        await viewer.page.locator('[data-path="rolledBack"][data-active]').waitFor();
        const dying = spawnCli(lab, ['migrate', '-i', 'eth0', '-b', 'br-ext', '--confirm-within', '5s']);
        await dying.state('confirming');
        dying.kill('SIGKILL');
        await dying.ended;
        await viewer.page.locator('[data-path="confirming"][data-active]').waitFor();
        const recovered = await runCli(lab, ['recover']);
        // Nobody confirms.
        expect(recovered.outcome?.result, recovered.stderr).toBe('rolledBack');
        await viewer.page.locator('[data-path="rolledBack"][data-active]').waitFor();
        expect(await viewer.page.locator('.actors li').count()).toBeGreaterThanOrEqual(4);
        // A link that goes into another namespace is a run, too.
        await using _nic = await makeNic(lab);
        const moved = await runCli(lab, ['move-link', '-i', NIC, '--netns', lab.farNs, '--name', 'net1']);
        expect(moved.code, moved.stderr).toBe(0);
        await viewer.page.locator('[data-path="inUse"][data-active]').waitFor();
        expect((await runCli(lab, ['return-link', '-i', NIC])).code).toBe(0);
        await viewer.page.locator('[data-path="restored"][data-active]').waitFor();
        expect(viewer.complaints).toEqual([]);
      } finally {
        await browser.close();
        inspecting.kill('SIGTERM');
      }
      expect((await inspecting.ended).code).toBe(0);
    }, 120_000);
  });
});

/** A browser in the namespace of the lab's host, where the server listens. */
async function browserIn(lab: Lab): Promise<Browser> {
  const program = join(lab.dir, 'browser');
  await writeFile(program, `#!/bin/sh\nexec ip netns exec ${lab.hostNs} ${CHROMIUM} "$@"\n`);
  await chmod(program, 0o700);
  return await launchBrowser(program);
}

async function urlOf(inspecting: RunningCli): Promise<string> {
  const told = await inspecting.object(object => 'inspect' in object);
  return (told as { readonly inspect: { readonly url: string } }).inspect.url;
}

function statesTold({ events }: CliResult): readonly string[] {
  return events.flatMap(event => (event.type === 'state' ? [event.state] : []));
}

/** States of all steps, in order, each once. */
async function statesShown(viewer: Awaited<ReturnType<typeof openViewerPage>>): Promise<readonly string[]> {
  await viewer.press('Home');
  const { of } = await viewer.position();
  const states: string[] = [];
  for (let step = 1; step <= of; step += 1) {
    const active = (await viewer.activeStates()).join();
    if (active !== '' && active !== states.at(-1)) states.push(active);
    await viewer.press('ArrowRight');
  }
  return states;
}
