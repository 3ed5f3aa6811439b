import { describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../src/scenario/result.ts';
import { linesOf, play, statesOf } from './play.ts';

const THERE_AND_BACK = `
runs:
  - migrate: { layout: host-port }
    expect: { result: committed, alreadyDone: false }
  - restore: {}
    expect: { result: rolledBack }
within: 2s
never: [{ state: stranded }, { effect: link.delete }]
eventually: [{ state: cuttingOver }, { effect: "/^rename eth0 to eth0~$/" }]
expect:
  sameAsBefore: true
  reachable: true
  reachableThroughout: true
  host:
    links: { eth0: { altnames: [], up: true, addresses: ["10.9.0.2/24", "2001:db8:9::2/64"] }, eth0~: null }
    routes: { has: ["default via 10.9.0.1 dev eth0"], lacks: ["/eth0~/"] }
    ovs: { bridges: { br-ext: null } }
    journal: null
`;

describe('a replay on the simulated host', () => {
  it('migrates and restores, and everything is as expected', async () => {
    const result = await play(THERE_AND_BACK);
    expect(linesOf(result)).toEqual([]);
    const ends = result.timeline.filter(({ type }) => type === 'run' || type === 'end');
    expect(ends.map(entry => 'text' in entry && entry.text)).toEqual([
      'run 1: migrate host-port',
      'run 1: committed',
      'run 2: restore',
      'run 2: rolledBack',
    ]);
    expect(result.steps).toBe(result.timeline.length);
    expect(result.virtualMs).toBe(result.timeline.at(-1)?.atMs);
  });

  it('has the same trace each time, and another one for another course', async () => {
    const [first, second, other] = await Promise.all([
      play(THERE_AND_BACK),
      play(THERE_AND_BACK),
      play(THERE_AND_BACK.replace('host-port', 'bridge-port').replace('/^rename eth0 to eth0~$/', 'address.add')),
    ]);
    expect(second.trace).toBe(first.trace);
    expect(other.trace).not.toBe(first.trace);
  });

  it('enters a state before it tells what is done in it, in order of time', async () => {
    const { timeline } = await play(THERE_AND_BACK);
    const indexOf = (matches: (entry: TimelineEntry) => boolean): number => timeline.findIndex(matches);
    const state = indexOf(entry => entry.type === 'state' && entry.state === 'preparing.locking');
    const operation = indexOf(entry => entry.type === 'operation' && entry.text === 'ovs.lock');
    expect(state).toBeGreaterThan(0);
    expect(operation).toBe(state + 1);
    const times = timeline.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('rolls back where an effect is refused, and says what the kernel said', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect:
      result: rolledBack
      failedIn: preparing.standing.addressingHostPort
      failure: { code: NETLINK_REFUSED, errno: 13, errnoName: EACCES, extAck: no such luck, what: cannot add address }
happens:
  - at: { operation: address.add, nth: 2 }
    fault: { refuse: { errno: EACCES, extAck: no such luck } }
expect: { sameAsBefore: true, reachableThroughout: true }
`);
    expect(linesOf(result)).toEqual([]);
    expect(result.timeline).toContainEqual(
      expect.objectContaining({ type: 'happening', text: 'address.add 2: refuse errno EACCES, extAck no such luck' }),
    );
  });

  it('refuses in the words of OVSDB', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: rolledBack, failure: { code: OVSDB_REFUSED, ovsdbError: constraint violation } }
happens:
  - at: { operation: ovs.uplink.attach }
    fault: { refuse: { error: constraint violation } }
expect: { sameAsBefore: true }
`);
    expect(linesOf(result)).toEqual([]);
  });

  it('recovers what a killed run has left', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: killed, failedIn: cuttingOver.switchingRoutes }
  - recover: {}
    expect: { result: rolledBack }
  - recover: {}
    expect: { result: none }
happens:
  - at: { operation: route.replace, nth: 2 }
    fault: { kill: after }
expect: { sameAsBefore: true, host: { journal: null } }
`);
    expect(linesOf(result)).toEqual([]);
    const effects = result.timeline.flatMap(entry => (entry.type === 'effect' ? [entry.op] : []));
    expect(effects.filter(op => op === 'link.rename')).toHaveLength(2);
  });

  it('leaves what a killed run has left where nobody recovers it', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: killed }
happens:
  - at: { state: cuttingOver }
    actor: { kill: {} }
expect:
  sameAsBefore: false
  host: { journal: preparing, links: { eth0~: { up: true } } }
`);
    expect(linesOf(result)).toEqual([]);
  });

  it('lets others act by state, by operation and by time, and counts a group of states from outside', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: committed }
happens:
  - at: preparing.standing
    actor: { altname.add: { link: eth0, altname: lan0 } }
  - at: { operation: ovs.host-port.create, after: 1ms }
    actor: { altname.add: { link: eth0~, altname: lan1 } }
  - at: { time: 100ms }
    actor: { altname.add: { link: eth0, altname: lan2 } }
expect:
  host: { links: { eth0~: { altnames: [lan2, lan0, lan1] } } }
`);
    expect(linesOf(result)).toEqual([]);
  });

  it('takes an altname away that comes back, and is not blamed for it', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: committed }
happens:
  - at: preparing.standing.makingHostPort
    actor: { altname.add: { link: eth0~, altname: eth0 } }
eventually: [{ effect: altname.remove }]
expect: { reachableThroughout: true, host: { links: { eth0: { kind: tun }, eth0~: { altnames: [] } } } }
`);
    expect(linesOf(result)).toEqual([]);
  });

  it.each([
    ['drop-answer', 'NETLINK_TIMEOUT'],
    ['hang', 'DEADLINE'],
  ])('knows %s', async (fault, code) => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: rolledBack, failure: { code: ${code} }, failedIn: preparing.standing.renamingUplink }
happens:
  - at: { operation: link.rename }
    fault: ${fault}
expect: { sameAsBefore: true }
`);
    expect(linesOf(result)).toEqual([]);
  });

  it('delays an answer by the time that is said', async () => {
    const delayed = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: committed }
happens:
  - at: { operation: link.rename }
    fault: { delay: 400ms }
`);
    expect(linesOf(delayed)).toEqual([]);
    const rename = delayed.timeline.find(entry => entry.type === 'effect' && entry.op === 'link.rename');
    const before = delayed.timeline.find(
      entry => entry.type === 'state' && entry.state === 'preparing.standing.renamingUplink',
    );
    expect((rename?.atMs ?? 0) - (before?.atMs ?? 0)).toBeGreaterThan(400);
  });

  it('confirms in the window, or lets it run out', async () => {
    for (const [confirm, result] of [
      ['true', 'committed'],
      ['false', 'rolledBack'],
    ]) {
      const played = await play(`
runs:
  - migrate: { layout: host-port, confirmWithin: 1s, confirm: ${confirm} }
    expect: { result: ${result} }
`);
      expect(linesOf(played)).toEqual([]);
    }
  });

  it('stops where it is asked to, and expects nothing of what would come after', async () => {
    const streamed: TimelineEntry[] = [];
    const result = await play(THERE_AND_BACK, { untilState: 'cuttingOver', onEntry: entry => streamed.push(entry) });
    expect(linesOf(result)).toEqual([]);
    expect(statesOf(result).at(-1)).toBe('cuttingOver.attachingUplink');
    expect(result.timeline.at(-1)).toMatchObject({ type: 'end', text: 'stopped at cuttingOver.attachingUplink' });
    expect(streamed).toEqual(result.timeline);
  });

  it('ends with the reason of a signal that aborts', async () => {
    await expect(play(THERE_AND_BACK, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('waits at the end for what ends by itself', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
happens:
  - at: { time: 5s }
    actor: { uplink.carrier.lose: { for: 4s } }
expect: { reachable: true }
`);
    expect(linesOf(result)).toEqual([]);
    expect(result.timeline.at(-1)).toMatchObject({ type: 'happening', atMs: 5000 });
  });
});
