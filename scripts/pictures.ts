// Takes the pictures of docs/inspect.md, from shipped files: npm run pictures. Looked at by people, not compared: browsers draw a little differently.
import { createHub } from '../src/inspect/bridge/hub.ts';
import { startBridge } from '../src/inspect/bridge/serve.ts';
import { playScenario } from '../src/inspect/source/play-scenario.ts';
import { viewerPage } from '../src/inspect/viewer-page.ts';
import { createHostReader } from '../src/scenario/load/host-reader.ts';
import { loadScenarios } from '../src/scenario/load/load-scenario.ts';
import { launchBrowser, openViewerPage } from '../test/inspect/viewer/browser.ts';

const FOLDER = new URL('../docs/pictures/', import.meta.url).pathname;
const SILENT = 'fixtures/scenarios/rollback/silent-after-takes-everything-back.yaml';
const MOVED = 'fixtures/recordings/moves-a-host-with-everything.yaml';

/** `state`: the last step in it is shown; `back`: steps before that. */
const PICTURES = [
  {
    name: 'scenario-light',
    file: SILENT,
    state: 'rollingBack.restoringRoutes',
    width: 1280,
    height: 800,
    theme: 'light',
  },
  {
    name: 'recording-dark',
    file: MOVED,
    state: 'cuttingOver.switchingRoutes',
    width: 1280,
    height: 800,
    theme: 'dark',
  },
  { name: 'phone-light', file: MOVED, state: 'cuttingOver.switchingRoutes', width: 390, height: 844, theme: 'light' },
  {
    name: 'phone-dark',
    file: MOVED,
    state: 'verifying.probing',
    width: 390,
    height: 844,
    theme: 'dark',
    pane: 'details',
  },
] as const;

const browser = await launchBrowser();
for (const picture of PICTURES) {
  const hub = createHub({ messages: 100_000 });
  const [scenario] = await loadScenarios(picture.file, createHostReader());
  await playScenario(scenario!, hub.publish);
  const bridge = await startBridge({ hub, port: 0, page: viewerPage, clock: { wallTime: () => 0 } });
  await using viewer = await openViewerPage(browser, bridge.url, picture);
  await viewer.page.emulateMedia({ colorScheme: picture.theme });
  await viewer.steps(50);
  while (!(await viewer.activeStates()).includes(picture.state)) await viewer.press('ArrowLeft');
  if ('pane' in picture) await viewer.page.getByRole('button', { name: picture.pane, exact: true }).click();
  await viewer.page.screenshot({ path: `${FOLDER}${picture.name}.png` });
  console.log(`docs/pictures/${picture.name}.png`);
  await bridge.close();
}
await browser.close();
