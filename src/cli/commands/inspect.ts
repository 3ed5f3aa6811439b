import { spawn } from 'node:child_process';
import { realClock } from '../../engine/clock.ts';
import { DEFAULT_STATE_DIR, hostOptions } from '../../engine/host-options.ts';
import { createHub, type Hub } from '../../inspect/bridge/hub.ts';
import { type Bridge, startBridge } from '../../inspect/bridge/serve.ts';
import { followFlights } from '../../inspect/source/follow-flights.ts';
import { playScenario } from '../../inspect/source/play-scenario.ts';
import { watchHost } from '../../inspect/source/watch-host.ts';
import { viewerPage } from '../../inspect/viewer-page.ts';
import { WIRE_VERSION } from '../../inspect/wire/messages.ts';
import { createHostReader } from '../../scenario/load/host-reader.ts';
import { loadScenarios } from '../../scenario/load/load-scenario.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { CommandContext, CommandFunction } from '../command-context.ts';
import { engineOptions } from '../open-engine.ts';
import { usageError } from '../parse/usage-error.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { visible } from '../terminal/palette.ts';

const DEFAULT_PORT = 8790;
/** What was played is there as a whole: nobody waits for it to go on. */
const PLAYED_LIMITS = { messages: 500_000, bytes: 512 << 20 };

/**
 * `inspect`: charts in a browser of this machine: runs as they happen, a recording, or a scenario. Serves until a signal ends it, then 0; 2 where a file
 * or the port is not to be had.
 */
export const inspect: CommandFunction = async context => {
  const { settings, terminal } = context;
  const file = fileOf(context);
  const scenario =
    file === undefined ? undefined : await load(file, settings.recording !== undefined, terminal.complain);
  const stop = catchStopSignals({ onFirst: () => undefined, onLater: () => undefined });
  const { signal } = stop;
  const hub = createHub(scenario === undefined ? {} : PLAYED_LIMITS);
  let bridge: Bridge | undefined;
  try {
    // Before anything is served: a page without its program would be an empty one.
    await viewerPage();
    const { port = DEFAULT_PORT, stately } = settings;
    bridge = await startBridge({ hub, port, page: viewerPage, statelyUrl: stately, clock: realClock });
    tell(context, bridge);
    if (settings.open === true) openBrowser(stately === undefined ? bridge.url : bridge.statelyUrl, terminal.complain);
    if (scenario === undefined) await followLive(context, hub, signal);
    else {
      const { mismatches } = await playScenario(scenario, hub.publish, signal);
      for (const { what, expected, got } of mismatches) terminal.complain(`${what}: expected ${expected}, got ${got}`);
      await aborted(signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await bridge?.close();
    stop.stop();
  }
  return 0;
};

function fileOf({ settings }: CommandContext): string | undefined {
  const given = (['live', 'recording', 'scenario'] as const).filter(name => settings[name] !== undefined);
  if (given.length > 1) {
    const object = given.map(name => `--${name}`).join(' ');
    throw usageError('options that exclude each other', { object, expected: 'one of --live, --recording, --scenario' });
  }
  return settings.recording ?? settings.scenario;
}

async function load(file: string, isRecording: boolean, complain: (text: string) => void): Promise<Scenario> {
  const [scenario, ...more] = await loadScenarios(file, createHostReader());
  if (scenario === undefined) throw usageError('nothing to play', { object: file, expected: 'a scenario' });
  if (isRecording && scenario.kind !== 'Recording') {
    throw usageError('not a recording', { object: file, got: `a ${scenario.kind}`, advice: `use --scenario ${file}` });
  }
  if (more.length > 0) complain(`${file} has ${more.length + 1} scenarios: the first is shown, ${scenario.name}`);
  return scenario;
}

function tell({ terminal, settings }: CommandContext, bridge: Bridge): void {
  const { url, statelyUrl, publishUrl, receiverUrl } = bridge;
  if (terminal.json) {
    terminal.object({ inspect: { url, statelyUrl, publishUrl, receiverUrl } });
    return;
  }
  const { dim, strong } = terminal.outPalette;
  const stately = settings.stately === undefined ? '' : ` at ${settings.stately}`;
  terminal.line(`charts               ${strong(visible(url))}`);
  terminal.line(`Stately's inspector  ${visible(statelyUrl)}${dim(visible(`  (loaded by the browser${stately})`))}`);
  terminal.line(`apps publish to      ${visible(publishUrl)}`);
  terminal.line(dim(`from another machine: ssh -L ${bridge.port}:127.0.0.1:${bridge.port} HOST; Ctrl-C ends`));
}

async function followLive({ settings, terminal }: CommandContext, hub: Hub, signal: AbortSignal): Promise<void> {
  const { createLinuxHost } = await import('../../host/linux-host.ts');
  const stateDir = settings.stateDir ?? DEFAULT_STATE_DIR;
  hub.publish({
    type: '@ovs-uplink.source',
    title: `runs of ${stateDir}`,
    kind: 'live',
    isLive: true,
    createdAt: String(realClock.wallTime()),
    _version: WIRE_VERSION,
  });
  const stop = followFlights(stateDir, hub.publish, (path, error) => terminal.complain(`${path}: ${error.message}`));
  try {
    await using host = createLinuxHost(hostOptions(engineOptions(settings)));
    const probes = settings.probe ?? [];
    await watchHost({ host, clock: realClock, probes, publish: hub.publish, signal });
  } finally {
    stop();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The desktop's own browser; on a node there is none. */
function openBrowser(url: string, complain: (text: string) => void): void {
  const child = spawn('xdg-open', [url], { stdio: 'ignore', detached: true });
  child.on('error', error => complain(`no browser can be opened: ${error.message}`));
  child.unref();
}
