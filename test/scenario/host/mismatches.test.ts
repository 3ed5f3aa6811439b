import { describe, expect, it } from 'vitest';
import { runMutated } from '../../../src/verify/mutation/run-mutated.ts';
import { HEAD_LINES, linesOf, play } from './play.ts';

/** Everything is right in these, but for one line. */
const MIGRATE = 'runs:\n  - migrate: { layout: host-port }';

describe('what is not as expected', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'the result of a run',
      `${MIGRATE}\n    expect: { result: rolledBack }`,
      ['3 the result of run 1: expected rolledBack, got committed'],
    ],
    [
      'a failure, field by field',
      `${MIGRATE}\n    expect: { failure: { code: DEADLINE, errno: 17 } }\nhappens:\n  - at: { operation: link.rename }\n    fault: { refuse: { errno: EPERM } }`,
      [
        '3 the failure.code of run 1: expected DEADLINE, got NETLINK_REFUSED',
        '3 the failure.errno of run 1: expected 17, got 1',
      ],
    ],
    [
      'a failure where there is none',
      `${MIGRATE}\n    expect: { failure: { code: DEADLINE } }`,
      ['3 the failure of run 1: expected {"code":"DEADLINE"}, got nothing'],
    ],
    [
      'where it failed',
      `${MIGRATE}\n    expect: { failedIn: cuttingOver }`,
      ['3 the state in which it failed of run 1: expected cuttingOver, got it did not fail'],
    ],
    [
      'a finding',
      `${MIGRATE}\n    expect: { findings: [mac-locally-administered, bridge-not-ours] }`,
      ['3 the findings of run 1: expected bridge-not-ours, got mac-locally-administered, uplink-carries-default-route'],
    ],
    [
      'that it was done before',
      `${MIGRATE}\n    expect: { alreadyDone: true }`,
      ['3 alreadyDone of run 1: expected true, got false'],
    ],
    [
      'each place of the host',
      `${MIGRATE}\nexpect:\n  host: { links: { eth0: { altnames: [lan] } }, journal: null }`,
      ['4 host.links.eth0.altnames: expected ["lan"], got []', '4 host.journal: expected nothing, got committed'],
    ],
    [
      'a host that should be another one',
      `${MIGRATE}\n  - restore: {}\nexpect: { sameAsBefore: false }`,
      ['4 sameAsBefore: expected a difference, got the same as before'],
    ],
    [
      'a gateway that should be silent',
      `${MIGRATE}\nexpect: { reachable: false }`,
      ['3 reachable: expected a gateway that does not answer, got all of them answer'],
    ],
    [
      'a gateway that is silent',
      `${MIGRATE}\nhappens:\n  - at: { state: committed, after: 1s }\n    actor: { gateway.silent: {} }\nexpect: { reachable: true }`,
      ['6 reachable: expected an answer of 10.9.0.1, 2001:db8:9::1, got no answer of 10.9.0.1, 2001:db8:9::1'],
    ],
    ['the time', `${MIGRATE}\nwithin: 300ms`, ['-3 within: expected 300 ms, got 633.25 ms']],
    [
      'a state that should never be',
      `${MIGRATE}\nnever: [{ state: cuttingOver }]`,
      ['3 never state cuttingOver: expected never, got cuttingOver.attachingUplink at 319.75 ms'],
    ],
    [
      'an effect that should be',
      `${MIGRATE}\neventually: [{ effect: link.delete }]`,
      ['3 eventually effect link.delete: expected in the time line, got not there'],
    ],
    [
      'something that never came',
      `${MIGRATE}\nhappens:\n  - at: { operation: route.replace, nth: 9 }\n    fault: hang\n  - at: rollingBack\n    actor: { abort: {} }`,
      [
        '4 hang at operation route.replace 9: expected it happens, got never came: hang',
        '6 abort at state rollingBack: expected it happens, got never came: abort',
      ],
    ],
    [
      'a link that nobody has',
      `${MIGRATE}\nhappens:\n  - at: { time: 5ms }\n    actor: { altname.add: { link: eth7, altname: x } }`,
      ['4 altname.add link eth7, altname x: expected it happens, got there is no link eth7'],
    ],
    [
      'a change that the kernel refuses',
      `${MIGRATE}\nhappens:\n  - at: { time: 5ms }\n    actor: { address.add: { link: eth0, address: 10.9.0.2/24 } }`,
      [
        '4 address.add link eth0, address 10.9.0.2/24: expected it happens, got cannot add address (10.9.0.2/24 on link 2) [EEXIST: ipv4: Address already assigned] (NETLINK_REFUSED)',
      ],
    ],
    [
      'a kill of nobody',
      `${MIGRATE}\nhappens:\n  - at: { time: 9s }\n    actor: { kill: {} }`,
      ['4 kill: expected it happens, got no run is under way'],
    ],
  ])('is told: %s', async (_, text, lines) => {
    expect(linesOf(await play(text))).toEqual(lines.map(line => line.replace('-3 ', `${1 - HEAD_LINES} `)));
  });

  it('tells every difference from before', async () => {
    const result = await play(`${MIGRATE}\nexpect: { sameAsBefore: true, invariants: [] }`);
    const lines = linesOf(result);
    expect(lines).toContain('3 sameAsBefore: link eth0: name differs: expected eth0, got eth0~');
    expect(lines).toContain('3 sameAsBefore: journal of eth0: left behind: expected none, got there');
  });

  it('points to where in the time line it showed', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: refused }
never: [{ effect: ingress.mute }]
`);
    const shown = result.mismatches.map(({ at }) => result.timeline[at ?? -1]);
    expect(shown).toMatchObject([
      { type: 'end', text: 'run 1: committed' },
      { type: 'effect', op: 'ingress.mute' },
    ]);
  });

  it('tells the first moment in which a gateway could not be reached', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
happens:
  - at: cuttingOver.awaitingUplink
    actor: { gateway.silent: { for: 100ms } }
expect: { reachable: true, reachableThroughout: true }
`);
    expect(linesOf(result)).toEqual([
      '6 reachableThroughout: expected every gateway answers at every moment, got no answer of 10.9.0.1, 2001:db8:9::1 at 322.45 ms, in cuttingOver.awaitingUplink',
    ]);
    expect(result.timeline[result.mismatches[0]?.at ?? -1]).toMatchObject({ type: 'happening' });
  });

  it('tells a broken invariant of ours, and only of those that are asked for', async () => {
    const text = (invariants: string): string => `
runs:
  - migrate: { layout: host-port }
  - restore: {}
expect: { invariants: ${invariants} }
`;
    const outcome = await runMutated({
      mutation: { kind: 'drop-inverse', step: 'restoringName', what: 'restoringName does nothing' },
      module: new URL('play.ts', import.meta.url).href,
      call: 'linesOfPlaying',
      argument: [text('[I2, I7]'), text('[I7]')],
    });
    expect(outcome).toEqual({
      kind: 'returned',
      value: [
        [
          '4 I2 run of eth0: stranded though nothing is in the way any more: expected committed or rolled back, got stranded',
        ],
        [],
      ],
    });
  });
});
