import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createOvsdbClient,
  insert,
  isOutcomeUnknown,
  mutate,
  type OvsdbClient,
  select,
} from '../../src/ovsdb/index.ts';
import {
  connectIn,
  createLab,
  type Daemon,
  type Lab,
  nextEvent,
  recordChanges,
  SCHEMA,
  untilReplica,
  whyNoOvs,
} from './ovsdb-lab.ts';

interface Member {
  readonly remote: string;
  daemon: Daemon;
}

describe.skipIf(whyNoOvs() !== undefined)('a cluster of three servers', () => {
  let lab: Lab;
  let members: Member[];
  let remotes: string[];

  beforeEach(async () => {
    lab = await createLab();
    const raft = (n: number) => `unix:${join(lab.dir, `s${n}.raft`)}`;
    members = [];
    for (const n of [1, 2, 3]) {
      const file = join(lab.dir, `s${n}.db`);
      if (n === 1) execFileSync('ovsdb-tool', ['create-cluster', file, SCHEMA, raft(1)], { stdio: 'pipe' });
      else execFileSync('ovsdb-tool', ['join-cluster', file, 'Open_vSwitch', raft(n), raft(1)], { stdio: 'pipe' });
      const socket = join(lab.dir, `s${n}.sock`);
      const daemon = lab.start('ovsdb-server', [
        file,
        `--remote=punix:${socket}`,
        `--unixctl=${join(lab.dir, `s${n}.ctl`)}`,
        '-vconsole:off',
        '-vfile:off',
        '-vsyslog:off',
      ]);
      members.push({ remote: `unix:${socket}`, daemon });
      // Once it serves the database it has joined: the next one may.
      const client = await connectIn(lab, `unix:${socket}`);
      if (n === 1) await client.transact([insert('Open_vSwitch', {})]);
      await client.close();
    }
    remotes = members.map(member => member.remote);
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  async function findLeader(): Promise<{ leader: Member; followers: Member[] }> {
    const client = await connectIn(lab, remotes, { leaderOnly: true });
    const leader = members.find(member => member.remote === client.remote);
    await client.close();
    if (leader === undefined) throw new Error('no leader');
    return { leader, followers: members.filter(member => member !== leader) };
  }

  const count = (client: OvsdbClient) =>
    client.transact([mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]])], { timeoutMs: 8_000 });

  test('leaderOnly skips the followers, says so, and follows the leader when it is killed', async () => {
    const { leader, followers } = await findLeader();
    const client = await connectIn(lab, [...followers.map(one => one.remote), leader.remote], { leaderOnly: true });
    expect(client.remote).toBe(leader.remote);
    await count(client);
    const connected = nextEvent(client, 'connected');
    await leader.daemon.kill('SIGKILL');
    await connected;
    expect(followers.map(one => one.remote)).toContain(client.remote);
    await count(client);
    const [result] = await client.transact([select('Open_vSwitch', [], ['next_cfg'])]);
    expect(result?.rows).toEqual([{ next_cfg: 2 }]);

    await using follower = await connectIn(
      lab,
      followers.filter(one => one.remote !== client.remote).map(one => one.remote),
    );
    expect(follower.state).toBe('connected');

    await using picky = createOvsdbClient({ remotes: follower.remote ?? '', leaderOnly: true });
    await expect(picky.connect({ timeoutMs: 300 })).rejects.toThrow(/not the leader/);
  });

  test('a monitor on a follower resumes on another server with only the gap', async () => {
    const { followers } = await findLeader();
    const [first, second] = followers;
    if (first === undefined || second === undefined) throw new Error('no followers');
    const reader = await connectIn(lab, [first.remote, second.remote]);
    expect(reader.remote).toBe(first.remote);
    const writer = await connectIn(
      lab,
      remotes.filter(remote => remote !== first.remote),
      { leaderOnly: true },
    );
    // ovsdb-server keeps less history than the database has atoms: a tiny one cannot resume.
    await writer.transact(
      Array.from({ length: 200 }, (_, i) => insert('QoS', { type: `t${i}`, external_ids: { a: '1', b: '2' } })),
    );
    const replica = await reader.monitor({ Open_vSwitch: { columns: ['next_cfg', 'external_ids'] } });
    const seen = recordChanges(replica);
    const current = () => [...(replica.tables.get('Open_vSwitch')?.values() ?? [])][0]?.next_cfg;
    for (let i = 0; i < 5; i++) await count(writer);
    await untilReplica(replica, () => current() === 5);

    const lost = nextEvent(reader, 'disconnected');
    const synced = nextEvent(reader, 'synced');
    const killed = first.daemon.kill('SIGKILL');
    for (let i = 0; i < 5; i++) await count(writer);
    await Promise.all([killed, lost, synced]);
    await untilReplica(replica, () => current() === 10);
    expect(reader.remote).toBe(second.remote);
    expect(reader.counters).toMatchObject({ downloads: 1, resumed: 1 });
    for (let i = 1; i < seen.length; i++) expect(seen[i]?.before).toBe(seen[i - 1]?.after);
    expect(seen.at(-1)?.after?.next_cfg).toBe(10);
  });

  test('a write to the minority ends with OVSDB_TIMEOUT or a move away, never hangs, and the rest goes on when the majority is back', async () => {
    const { leader, followers } = await findLeader();
    const client = await connectIn(lab, leader.remote);
    for (const follower of followers) process.kill(follower.daemon.pid, 'SIGSTOP');
    try {
      const error = await client
        .transact([mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]])], { timeoutMs: 700 })
        .catch(reason => reason);
      expect(error.code).toBe('OVSDB_TIMEOUT');
      expect(isOutcomeUnknown(error.details)).toBe(true);
      expect(error.details.advice).toMatch(/minority/);
    } finally {
      for (const follower of followers) process.kill(follower.daemon.pid, 'SIGCONT');
    }
    const majority = await connectIn(lab, remotes, { leaderOnly: true });
    await count(majority);
    const [result] = await majority.transact([select('Open_vSwitch', [], ['next_cfg'])]);
    // Nobody could know whether the first one counted.
    expect([1, 2]).toContain(result?.rows?.[0]?.next_cfg);
  });

  test('a server that is cut off is left for one that is not', async () => {
    const { leader, followers } = await findLeader();
    const client = await connectIn(lab, [leader.remote, ...followers.map(one => one.remote)]);
    expect(client.remote).toBe(leader.remote);
    const gone = nextEvent(client, 'disconnected') as Promise<{ reason: { got: string } }>;
    for (const follower of followers) process.kill(follower.daemon.pid, 'SIGSTOP');
    const { reason } = await gone;
    expect(reason.got).toMatch(/cut off from the majority/);
    for (const follower of followers) process.kill(follower.daemon.pid, 'SIGCONT');
    await client.connect({ timeoutMs: 10_000 });
    expect(client.state).toBe('connected');
  });
});
