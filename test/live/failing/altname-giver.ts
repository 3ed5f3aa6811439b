import type { Lab } from '../../lab/lab.ts';

/** Somebody who gives the renamed uplink its old name as altname, as udev does. */
export interface AltnameGiver {
  /** How often the altname was given so far. */
  given(): number;
  stop(): Promise<void>;
}

const READY_ATTEMPTS = 100;

/**
 * Gives `eth0~` the altname `eth0` on each of its link events, at most `times` times. Resolves when it hears the kernel's events. A process of
 * its own: nothing in the test holds it up.
 */
export async function startAltnameGiver(lab: Lab, times: number): Promise<AltnameGiver> {
  const script = `
    given=0
    ip -o monitor link | while read -r line; do
      case $line in
        *"altname marker"*) echo ready ;;
        *"eth0~"*) ip link property add dev eth0~ altname eth0 2>/dev/null && given=$((given + 1)) && echo given ;;
      esac
      [ "$given" -lt ${Number.isFinite(times) ? times : 1_000_000_000} ] || break
    done`;
  const child = lab.spawn(lab.hostNs, ['setsid', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = new Promise<void>(resolve => child.once('close', () => resolve()));
  let text = '';
  const ready = new Promise<true>(resolve => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('ready')) resolve(true);
    });
  });
  // `ip monitor` does not say when it listens: a mark is sent until it comes back.
  let isReady = false;
  for (let attempt = 0; !isReady && attempt < READY_ATTEMPTS; attempt += 1) {
    await lab.hostIp('link', 'property', 'add', 'dev', 'lo', 'altname', 'marker');
    await lab.hostIp('link', 'property', 'del', 'dev', 'lo', 'altname', 'marker');
    isReady = await Promise.race([ready, new Promise<false>(resolve => setTimeout(resolve, 50, false))]);
  }
  return {
    given: () => text.split('given').length - 1,
    async stop() {
      // The whole group: `ip monitor` notices only at its next line that nobody reads any more.
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await closed;
    },
  };
}
