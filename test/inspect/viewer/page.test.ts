import { createWebSocketInspector } from '@statelyai/inspect';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActor, setup } from 'xstate';
import { createHub } from '../../../src/inspect/bridge/hub.ts';
import { playScenario } from '../../../src/inspect/source/play-scenario.ts';
import { viewerPage } from '../../../src/inspect/viewer-page.ts';
import { definitionOf } from '../../../src/inspect/wire/definition.ts';
import { createHostReader } from '../../../src/scenario/load/host-reader.ts';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import type { ScenarioResult } from '../../../src/scenario/result.ts';
import { openBridge } from '../bridge/clients.ts';
import { actorMessage, snapshotMessage, sourceMessage } from '../messages.ts';
import { describeInBrowser, launchBrowser, openViewerPage } from './browser.ts';

const RECORDING = 'fixtures/recordings/goes-back-when-an-address-is-taken-away.yaml';
const SILENT = 'fixtures/scenarios/rollback/silent-after-takes-everything-back.yaml';

async function play(file: string) {
  const hub = createHub({ messages: 100_000 });
  const [scenario] = await loadScenarios(file, createHostReader());
  const result = await playScenario(scenario!, hub.publish);
  return { hub, result, bridge: await openBridge(hub, { page: viewerPage }) };
}

function statesOf({ timeline }: ScenarioResult): readonly string[] {
  return timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : []));
}

describeInBrowser('the viewer', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('goes through a recording step by step: each shows its states, the host and the context as they were', async () => {
    const { result, bridge } = await play(RECORDING);
    await using _bridge = bridge;
    await using viewer = await openViewerPage(browser, bridge.url);
    await viewer.steps(50);
    const { of } = await viewer.position();
    await viewer.press('Home');
    const seen: string[] = [];
    const hosts: string[] = [];
    for (let step = 1; step <= of; step += 1) {
      expect(await viewer.position()).toEqual({ step, of });
      const [state = ''] = await viewer.activeStates();
      if (state !== '' && state !== seen.at(-1)) seen.push(state);
      hosts.push(await viewer.changes('Host'));
      await viewer.press('ArrowRight');
    }
    // States that the chart only passes are told in one step with the next.
    const told = statesOf(result);
    expect(seen.at(-1)).toBe('rolledBack');
    expect(told.filter(state => seen.includes(state))).toEqual(seen);
    expect(seen.length).toBeGreaterThan(15);
    // The rename and what came with it is the change of one step, and so is the way back of it.
    expect(hosts.filter(text => text.includes('links › nic1~'))).toHaveLength(2);
    expect(hosts.filter(text => text === 'The host is the same.').length).toBeGreaterThan(of / 2);
    for (let step = of; step > of - 5; step -= 1) await viewer.press('ArrowLeft');
    expect((await viewer.position()).step).toBe(of - 5);
    // Any step, out of order: with the mouse.
    await viewer.page.locator('.step').first().click();
    expect((await viewer.position()).step).toBeLessThan(of - 5);
    expect(viewer.complaints).toEqual([]);
  });

  it('shows a scenario with the outage of its gateways as a plot, and follows to the end', async () => {
    const { bridge } = await play(SILENT);
    await using _bridge = bridge;
    await using viewer = await openViewerPage(browser, bridge.url);
    await viewer.steps(50);
    expect(await viewer.activeStates()).toEqual(['rolledBack']);
    expect(await viewer.page.getByRole('img', { name: /gateways: longest outage/ }).isVisible()).toBe(true);
    expect(await viewer.page.locator('header h1').innerText()).toBe(
      'The gateway answers before the move and not after it',
    );
    await viewer.press('Home');
    await viewer.page.getByLabel('the beginning').check();
    await viewer.press('End');
    // Rolled back: the host is as it was in the beginning.
    expect(await viewer.changes('Host')).toContain('The host is the same');
  });

  it('says of a state what it runs, its transitions, guards and actions; hides and shows what is inside', async () => {
    const { bridge } = await play(RECORDING);
    await using _bridge = bridge;
    await using viewer = await openViewerPage(browser, bridge.url);
    await viewer.steps(50);
    await viewer.page.getByLabel('Details of a state').selectOption('preparing.writingJournal');
    const panel = viewer.page.locator('.state-panel');
    expect(await panel.innerText()).toMatch(/runs writeJournal/);
    expect(await panel.innerText()).toMatch(
      /writeJournal done if isRefused → abandoning notes recordAssessment, recordRefusal/,
    );
    await viewer.page.getByLabel('Details of a state').selectOption('preparing');
    expect(await viewer.page.locator('[data-path^="preparing."]').count()).toBeGreaterThan(5);
    await viewer.page.getByRole('button', { name: 'Hide what is inside' }).click();
    expect(await viewer.page.locator('[data-path^="preparing."]').count()).toBe(0);
    await viewer.page.getByRole('button', { name: 'Show what is inside' }).click();
    expect(await viewer.page.locator('[data-path^="preparing."]').count()).toBeGreaterThan(5);
  });

  it('takes the transition that led to a state out of all others', async () => {
    const { bridge } = await play(RECORDING);
    await using _bridge = bridge;
    await using viewer = await openViewerPage(browser, bridge.url);
    await viewer.steps(50);
    while (!(await viewer.activeStates()).includes('rollingBack.restoringName')) await viewer.press('ArrowLeft');
    while ((await viewer.activeStates()).includes('rollingBack.restoringName')) await viewer.press('ArrowLeft');
    await viewer.press('ArrowRight');
    expect(await viewer.page.locator('.taken-line').count()).toBe(1);
    expect(await viewer.page.locator('.transitions').innerText()).toBe(
      'rollingBack.removingHostPort → rollingBack.restoringName notes recordRollbackStep',
    );
  });

  it('can be used at 390 px, where nothing is wider than the page', async () => {
    const { bridge } = await play(RECORDING);
    await using _bridge = bridge;
    await using viewer = await openViewerPage(browser, bridge.url, { width: 390, height: 844 });
    await viewer.steps(50);
    for (const pane of ['steps', 'details', 'chart']) {
      await viewer.page.getByRole('button', { name: pane, exact: true }).click();
      const isWide = await viewer.page.evaluate(() => {
        const { document, innerWidth } = globalThis as unknown as {
          readonly document: { readonly documentElement: { readonly scrollWidth: number } };
          readonly innerWidth: number;
        };
        return document.documentElement.scrollWidth > innerWidth;
      });
      expect(isWide, pane).toBe(false);
    }
    const smallest = await viewer.page
      .locator('.canvas text.row')
      .first()
      .evaluate(text => text.getBoundingClientRect().height);
    expect(smallest).toBeGreaterThanOrEqual(10);
  });

  it('shows an app that publishes with Stately’s own adapter, beside names that are hostile', async () => {
    const hub = createHub();
    hub.publish(sourceMessage('<img src=x onerror="window.hacked=1">'));
    await using bridge = await openBridge(hub, { page: viewerPage });
    await using viewer = await openViewerPage(browser, bridge.url);
    const inspector = createWebSocketInspector({ url: bridge.publishUrl });
    const machine = setup({ guards: { '<b>sure</b>': () => true } }).createMachine({
      id: 'light<script>window.hacked=1</script>',
      initial: 'red',
      states: { red: { on: { GO: { target: 'green', guard: '<b>sure</b>' } } }, green: { on: { STOP: 'red' } } },
    });
    const actor = createActor(machine, { inspect: inspector.inspect }).start();
    actor.send({ type: 'GO' });
    await viewer.page.locator('[data-path="green"][data-active]').waitFor();
    expect(await viewer.page.locator('.canvas').innerText()).toContain('GO [<b>sure</b>] → green');
    actor.send({ type: 'STOP' });
    await viewer.page.locator('[data-path="red"][data-active]').waitFor();
    expect(await viewer.page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    actor.stop();
    inspector.stop();
    expect(viewer.complaints).toEqual([]);
  });

  it('stays usable with ten thousand steps: only what is to be seen is in the page', async () => {
    const machine = setup({}).createMachine({
      id: 'ping',
      initial: 'left',
      states: { left: { on: { GO: 'right' } }, right: { on: { GO: 'left' } } },
    });
    const hub = createHub({ messages: 50_000 });
    hub.publish({ ...actorMessage('x:0'), definition: definitionOf(machine) });
    for (let at = 0; at < 10_000; at += 1) {
      const told = snapshotMessage('x:0', { at, host: 'h'.repeat(100) });
      hub.publish({
        ...told,
        createdAt: String(at),
        snapshot: { ...told.snapshot, value: at % 2 === 0 ? 'right' : 'left' },
      });
    }
    await using bridge = await openBridge(hub, { page: viewerPage });
    await using viewer = await openViewerPage(browser, bridge.url);
    await viewer.steps(10_001);
    expect(await viewer.page.locator('.step').count()).toBeLessThan(100);
    await viewer.press('Home');
    for (let step = 0; step < 5; step += 1) await viewer.press('ArrowRight');
    expect(await viewer.position()).toEqual({ step: 6, of: 10_001 });
    expect(await viewer.activeStates()).toEqual(['right']);
    expect(await viewer.changes('Context')).toContain('4');
    await viewer.page.getByLabel('Step', { exact: true }).fill('7777');
    expect(await viewer.activeStates()).toEqual(['right']);
    expect(await viewer.changes('Context')).toContain('7776');
  });

  it('goes on by itself when its server was gone for a while, with nothing twice', async () => {
    const hub = createHub();
    hub.publish(actorMessage('a'));
    hub.publish(snapshotMessage('a', 1));
    const first = await openBridge(hub, { page: viewerPage });
    await using viewer = await openViewerPage(browser, first.url);
    await viewer.steps(2);
    await first.close();
    await viewer.page.getByText('connection lost').waitFor();
    await using _second = await openBridge(hub, { page: viewerPage, port: first.port, token: first.token });
    await viewer.page.getByText('connection lost').waitFor({ state: 'detached' });
    hub.publish(snapshotMessage('a', 2));
    await viewer.steps(3);
    expect((await viewer.position()).of).toBe(3);
  });
});
