import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, LAB_ADDRESSES, type Lab, labNeeds, sweepStaleLabs } from './lab.ts';
import { describeLive } from './live.ts';
import { configurePlainHost } from './rich-host.ts';
import { watchKernel } from './watch.ts';

describe('labNeeds', () => {
  it('names the apt package of a missing program', () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      // sbin stays in the lab's own path, so only what lives in /usr/bin is missing now
      const needs = labNeeds();
      if (existsSync('/usr/bin/ovs-vsctl') && process.getuid?.() === 0) {
        expect(needs).toContain('ovs-vsctl is missing: apt install openvswitch-common');
      }
      expect(labNeeds({ ovs: 'none' }).join()).not.toContain('ovs');
    } finally {
      process.env.PATH = path;
    }
  });
});

describeLive('createLab', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'shape', mtu: 1450 });
    await configurePlainHost(lab);
  });
  afterAll(() => lab?.destroy());

  it('gives a private directory and unique namespaces of this process', () => {
    expect(statSync(lab.dir).mode & 0o777).toBe(0o700);
    for (const name of [lab.hostNs, lab.gatewayNs, lab.farNs]) {
      expect(name.startsWith(`ovsu-${process.pid}-`)).toBe(true);
      expect(existsSync(`/run/netns/${name}`)).toBe(true);
    }
  });

  it('runs ovsdb-server and ovs-vswitchd inside the host, with everything they write in its directory', async () => {
    const pids = (await lab.run(lab.hostNs, ['ip', 'netns', 'pids', lab.hostNs])).stdout.split('\n');
    expect(pids).toEqual(expect.arrayContaining([String(lab.vswitchdPid()), String(lab.ovsdbPid())]));
    await lab.vsctl('add-br', 'br-a', '--', 'set', 'bridge', 'br-a', 'datapath_type=netdev');
    expect(readdirSync(lab.dir)).toEqual(
      expect.arrayContaining(['br-a.mgmt', 'conf.db', 'db.sock', 'vswitchd.ctl', 'state']),
    );
    await lab.vsctl('del-br', 'br-a');
  });

  it('routes between the host and the host behind the gateway in both families', async () => {
    for (const address of [LAB_ADDRESSES.far4, LAB_ADDRESSES.far6]) {
      const script = `const s=require('net').connect(9,'${address}');s.on('error',e=>{console.log(e.code);process.exit()})`;
      // nothing listens there: the answer of the far host's kernel itself is what is asked for
      expect((await lab.run(lab.hostNs, [process.execPath, '-e', script])).stdout.trim()).toBe('ECONNREFUSED');
    }
  });

  it('gives the uplink a settled link-local address, the asked MTU, and leaves address detection on', async () => {
    const text = await lab.hostIp('-6', 'addr', 'show', 'dev', lab.uplinkName);
    expect(text).toContain('mtu 1450');
    expect(text).toContain('inet6 fe80::');
    expect(text).not.toContain('tentative');
    const dad = await lab.run(lab.hostNs, ['cat', `/proc/sys/net/ipv6/conf/${lab.uplinkName}/accept_dad`]);
    expect(dad.stdout.trim()).toBe('1');
  });

  it('reports an exit code as a result, and rejects with the words of the program where asked', async () => {
    expect(await lab.run(lab.hostNs, ['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      code: 3,
    });
    await expect(lab.hostIp('link', 'show', 'nosuchlink')).rejects.toMatchObject({
      code: 'DEFECT',
      details: { got: expect.stringContaining('does not exist') },
    });
    await expect(lab.run(lab.hostNs, ['cat', '/dev/zero'], { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE',
    });
  });

  it('tells kernel events from the moment on that the watch is made', async () => {
    await using watch = await watchKernel(lab.hostNs, ['link']);
    await lab.hostIp('link', 'set', lab.uplinkName, 'alias', 'seen');
    expect(await watch.event(line => line.includes(` ${lab.uplinkName}`))).toContain('mtu 1450');
    await expect(watch.event(line => line.includes('nosuchlink'), { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'DEADLINE',
    });
  });
});

describeLive('the lab’s Open vSwitch', () => {
  it('survives SIGKILL of either daemon and keeps its configuration', async () => {
    await using lab = await createLab({ name: 'ovs' });
    await lab.vsctl('add-br', 'br-a', '--', 'set', 'bridge', 'br-a', 'datapath_type=netdev');
    const [vswitchd, ovsdb] = [lab.vswitchdPid(), lab.ovsdbPid()];
    await lab.stopVswitchd('SIGKILL');
    expect(lab.vswitchdPid()).toBeNull();
    await lab.killOvsdb();
    expect(lab.ovsdbPid()).toBeNull();
    await lab.startOvsdb();
    await lab.startVswitchd();
    expect([lab.vswitchdPid(), lab.ovsdbPid()]).not.toEqual([vswitchd, ovsdb]);
    expect(await lab.vsctl('list-br')).toBe('br-a');
    await expect(lab.startVswitchd()).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('can be without ovs-vswitchd, and then be started waiting for flows', async () => {
    await using lab = await createLab({ name: 'ovs', ovs: 'no-vswitchd' });
    expect(lab.vswitchdPid()).toBeNull();
    expect(lab.ovsdbPid()).not.toBeNull();
    await lab.startVswitchd({ flowRestoreWait: true });
    expect(await lab.vsctl('get', 'Open_vSwitch', '.', 'other_config')).toBe('{flow-restore-wait="true"}');
    await lab.stopVswitchd();
    await lab.startVswitchd({ flowRestoreWait: false });
    expect(await lab.vsctl('get', 'Open_vSwitch', '.', 'other_config')).toBe('{}');
  });

  it('answers nothing while it is paused, and is destroyed all the same', async () => {
    const lab = await createLab({ name: 'ovs' });
    const ask = () => lab.run(lab.hostNs, ['ovs-appctl', '-T', '1', '-t', lab.vswitchdCtl, 'version']);
    expect((await ask()).stdout).toContain('ovs-vswitchd');
    lab.pauseVswitchd();
    expect((await ask()).code).not.toBe(0);
    lab.resumeVswitchd();
    expect((await ask()).code).toBe(0);
    lab.pauseVswitchd();
    await lab.destroy();
    expect(lab.vswitchdPid()).toBeNull();
  });
});

describeLive('the end of a lab', () => {
  it('leaves nothing behind: processes, namespaces, directory', async () => {
    const lab = await createLab({ name: 'end' });
    const child = lab.spawn(lab.hostNs, ['sh', '-c', 'tail -f /dev/null & echo $!; wait']);
    const grandchild = await new Promise<number>(resolve => child.stdout?.once('data', data => resolve(Number(data))));
    const outputClosed = new Promise<void>(resolve => child.stdout?.once('close', () => resolve()));
    const pids = [lab.vswitchdPid()!, lab.ovsdbPid()!, child.pid!, grandchild];
    expect(pids.filter(isAlive)).toEqual(pids);
    await Promise.all([lab.destroy(), lab.destroy()]);
    await outputClosed; // by the death of the last process that holds it
    expect(pids.filter(isAlive)).toEqual([]);
    expect(traces(lab.id)).toEqual([]);
    expect(existsSync(lab.dir)).toBe(false);
  });

  it('comes at once when the making is aborted', async () => {
    const before = traces(`ovsu-${process.pid}-gone`);
    const abort = new AbortController();
    const made = createLab({ name: 'gone', signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(made).rejects.toMatchObject({ code: 'ABORTED' });
    expect(traces(`ovsu-${process.pid}-gone`)).toEqual(before);
  });

  it('several labs of several processes don’t meet', async () => {
    const children = [1, 2].map(() => labProcess('await lab.destroy();'));
    const labs = await Promise.all([createLab({ name: 'many' }), createLab({ name: 'many' })]);
    await Promise.all(
      labs.map(lab => lab.vsctl('add-br', 'br-a', '--', 'set', 'bridge', 'br-a', 'datapath_type=netdev')),
    );
    expect(new Set([...labs.map(lab => lab.hostNs)]).size).toBe(2);
    expect(await Promise.all(children.map(child => child.ended))).toEqual([0, 0]);
    await Promise.all(labs.map(lab => lab.destroy()));
    expect(traces(`ovsu-${process.pid}-many`)).toEqual([]);
  });

  it.each([
    ['exit', 'process.exit(7);', 7],
    ['an uncaught exception', "setImmediate(() => { throw new Error('boom'); });", 1],
    ['SIGINT', "process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000);", 'SIGINT'],
    ['SIGTERM', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);", 'SIGTERM'],
  ])('comes with the process: %s', async (_how, script, expected) => {
    const child = labProcess(script);
    const id = await child.id;
    expect(await child.ended).toBe(expected);
    expect(traces(id)).toEqual([]);
  });

  it('comes with the next sweep after SIGKILL, and the sweep leaves living labs alone', async () => {
    await using living = await createLab({ name: 'living', ovs: 'none' });
    const child = labProcess("process.kill(process.pid, 'SIGKILL');");
    const id = await child.id;
    expect(await child.ended).toBe('SIGKILL');
    expect(traces(id)).not.toEqual([]);
    sweepStaleLabs();
    expect(traces(id)).toEqual([]);
    expect(traces(living.id)).toHaveLength(3);
  });
});

/** Another process that makes a lab, says its id, and then runs `script`. */
function labProcess(script: string): { id: Promise<string>; ended: Promise<number | string | null> } {
  const program = `
    const { createLab } = await import(${JSON.stringify(new URL('./lab.ts', import.meta.url).href)});
    const lab = await createLab({ name: 'other' });
    process.stdout.write(lab.id + '\\n', () => {});
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return {
    id: new Promise(resolve => child.stdout.once('data', data => resolve(String(data).trim()))),
    ended: new Promise(resolve => child.once('close', (code, signal) => resolve(code ?? signal))),
  };
}

/** Namespaces whose name begins like this. */
function traces(prefix: string): string[] {
  return readdirSync('/run/netns').filter(name => name.startsWith(prefix));
}

/** A process that has ended but was not yet fetched by init counts as dead. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
