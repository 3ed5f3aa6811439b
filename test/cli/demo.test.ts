import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/ovs-uplink', import.meta.url));

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

describeLive('demo', () => {
  it('without root says what is missing and what works all the same, and ends with 3', async () => {
    const child = spawn(PROGRAM, ['demo'], { uid: 65_534, gid: 65_534, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
    const [out, err, [code]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'close')]);
    expect([code, err]).toEqual([3, 'ovs-uplink: no lab can be made here\n']);
    expect(out).toContain('root is needed');
    expect(out).toContain('ovs-uplink doctor');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s takes the lab down and ends with 4', async signal => {
    const child = spawn(PROGRAM, ['demo'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = once(child, 'close');
    const err = read(child.stderr);
    // The heading comes before the first namespace is made.
    await once(child.stdout, 'data');
    child.stdout.resume();
    child.kill(signal);
    expect(await closed).toEqual([4, null]);
    expect(await err).toContain('the lab is gone');
    expect(readdirSync('/run/netns').filter(name => name.startsWith(`ovsu-${child.pid}-`))).toEqual([]);
  });
});
