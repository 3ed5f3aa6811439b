import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insert, mutate, namedUuid, transactApplied } from '../../src/ovsdb/index.ts';
import {
  createUnixctlClient,
  findUnixctlSocket,
  isUnknownCommand,
  type UnixctlClient,
} from '../../src/unixctl/index.ts';
import { createLab, type Lab, whyNoOvs } from '../ovsdb/ovsdb-lab.ts';
import { onMessages, startRawServer } from '../ovsdb/raw-server.ts';
import { startVswitchd, type VswitchdLab } from '../ovsdb/vswitchd-lab.ts';

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    error => error,
  );

describe.skipIf(whyNoOvs(true) !== undefined)('a client of a real ovs-vswitchd', () => {
  let lab: Lab;
  let real: VswitchdLab;
  let unixctl: UnixctlClient;
  beforeAll(async () => {
    lab = await createLab();
    real = await startVswitchd(lab);
    unixctl = createUnixctlClient({ path: real.unixctl });
    lab.defer(() => unixctl.close());
    await transactApplied(real.client, real.ovs.replica, [
      insert('Interface', { name: 'br0', type: 'internal' }, 'iface'),
      insert('Port', { name: 'br0', interfaces: namedUuid('iface') }, 'port'),
      insert('Bridge', { name: 'br0', datapath_type: 'netdev', ports: namedUuid('port') }, 'bridge'),
      mutate('Open_vSwitch', [], [['bridges', 'insert', namedUuid('bridge')]]),
    ]);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('reads version, bridges, datapath features and commands', async () => {
    expect(await unixctl.version()).toMatch(/^ovs-vswitchd \(Open vSwitch\) \d+\.\d+\.\d+$/);
    expect(await unixctl.ofprotoList()).toEqual(['br0']);
    expect(await unixctl.showDatapathFeatures('br0')).toMatch(/^Masked set action: Yes$/m);
    const commands = await unixctl.listCommands();
    expect(commands).toContainEqual({ name: 'ofproto/list', usage: '' });
    expect(commands).toContainEqual({ name: 'fdb/flush', usage: '[bridge]' });
    await unixctl.flushFdb('br0');
  });

  test('tells a command that is not there from one that refuses', async () => {
    const unknown = await rejection(unixctl.call('no/such-command'));
    expect(unknown).toMatchObject({ code: 'UNIXCTL_REFUSED' });
    expect(isUnknownCommand(unknown)).toBe(true);
    const refused = await rejection(unixctl.showDatapathFeatures('br9'));
    expect(refused).toMatchObject({
      code: 'UNIXCTL_REFUSED',
      details: { got: 'no such bridge', object: 'dpif/show-dp-features br9' },
    });
    expect(isUnknownCommand(refused)).toBe(false);
    expect(isUnknownCommand(await rejection(unixctl.call('dpif/show-dp-features')))).toBe(false);
  });

  test('answers many calls over one connection, each to its own', async () => {
    const texts = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? unixctl.version() : unixctl.call('ofproto/list'))),
    );
    expect(new Set(texts.filter((_, i) => i % 2 === 1))).toEqual(new Set(['br0']));
  });

  test('finds the socket by the pidfile, or says which file is missing', async () => {
    const { dir } = lab;
    expect(await findUnixctlSocket(dir)).toBe(join(dir, `ovs-vswitchd.${real.vswitchd.pid}.ctl`));
    const error = await rejection(findUnixctlSocket(join(dir, 'nothing')));
    expect(error).toMatchObject({
      code: 'UNIXCTL_UNREACHABLE',
      details: { object: join(dir, 'nothing', 'ovs-vswitchd.pid') },
    });
    expect(dirname(real.unixctl)).toBe(dir);
  });

  test('gives up a daemon that does not answer in time, or when the signal ends', async () => {
    process.kill(real.vswitchd.pid, 'SIGSTOP');
    try {
      expect(await rejection(unixctl.call('version', [], { timeoutMs: 50 }))).toMatchObject({
        code: 'UNIXCTL_UNREACHABLE',
      });
      expect(await rejection(unixctl.call('version', [], { signal: AbortSignal.timeout(20) }))).toMatchObject({
        code: 'ABORTED',
      });
    } finally {
      process.kill(real.vswitchd.pid, 'SIGCONT');
    }
    expect(await unixctl.version()).toMatch(/^ovs-vswitchd/);
  });

  test('tells the loss of the daemon, to the call in flight and to who waits for it', async () => {
    await unixctl.version();
    const lost = unixctl.whenLost();
    process.kill(real.vswitchd.pid, 'SIGSTOP');
    const inFlight = rejection(unixctl.version());
    await real.vswitchd.kill('SIGKILL');
    expect(await inFlight).toMatchObject({ code: 'UNIXCTL_UNREACHABLE' });
    await lost;
    expect(await rejection(unixctl.version())).toMatchObject({ code: 'UNIXCTL_UNREACHABLE' });
  });
});

describe('a client of a socket', () => {
  test('that is not there, or closed, says so and can be closed at any time', async () => {
    const unixctl = createUnixctlClient({ path: '/nonexistent/ctl' });
    expect(await rejection(unixctl.version())).toMatchObject({
      code: 'UNIXCTL_UNREACHABLE',
      details: { got: expect.stringMatching(/ENOENT/) },
    });
    const late = rejection(unixctl.version());
    await unixctl.close();
    expect(await late).toMatchObject({ code: 'UNIXCTL_UNREACHABLE' });
    expect(await rejection(unixctl.version())).toMatchObject({ details: { got: 'the client is closed' } });
    await unixctl.whenLost();
  });

  test('that speaks garbage is left, and the next call opens a new connection', async () => {
    await using lab = await createLab();
    let connections = 0;
    const remote = await startRawServer(lab, 'ctl', socket => {
      const nth = ++connections;
      onMessages(socket, ({ id }) => {
        if (nth === 1) socket.write('garbage');
        else socket.write(JSON.stringify({ id, result: 'fine\n', error: null }));
      });
    });
    await using unixctl = createUnixctlClient({ path: remote.slice('unix:'.length), maxInFlight: 2 });
    expect(await rejection(unixctl.version())).toMatchObject({
      code: 'UNIXCTL_UNREACHABLE',
      details: { got: expect.stringMatching(/0x67/) },
    });
    expect(await unixctl.version()).toBe('fine');
    const all = await Promise.allSettled([1, 2, 3].map(() => unixctl.version()));
    expect(all.map(one => one.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(connections).toBe(2);
  });
});
