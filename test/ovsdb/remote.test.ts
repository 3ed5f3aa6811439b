import { describe, expect, test } from 'vitest';
import { toFailure } from '../../src/errors.ts';
import { createOvsdbClient, formatRemote, parseRemotes } from '../../src/ovsdb/index.ts';

describe('parseRemotes', () => {
  test.each([
    ['unix:/run/openvswitch/db.sock', [{ transport: 'unix', path: '/run/openvswitch/db.sock' }]],
    ['tcp:10.0.0.1:6641', [{ transport: 'tcp', host: '10.0.0.1', port: 6641 }]],
    ['tcp:[::1]:6640', [{ transport: 'tcp', host: '::1', port: 6640 }]],
    ['ssl:ovn.example:6642', [{ transport: 'ssl', host: 'ovn.example', port: 6642 }]],
    ['tcp:ovn.example', [{ transport: 'tcp', host: 'ovn.example', port: 6640 }]],
    ['ssl:[fe80::1%eth0]', [{ transport: 'ssl', host: 'fe80::1%eth0', port: 6640 }]],
    [
      'tcp:10.0.0.1:1, unix:/a',
      [
        { transport: 'tcp', host: '10.0.0.1', port: 1 },
        { transport: 'unix', path: '/a' },
      ],
    ],
  ])('reads %s, and writes it so that it reads the same', (text, expected) => {
    const remotes = parseRemotes(text);
    expect(remotes).toEqual(expected);
    expect(parseRemotes(remotes.map(formatRemote).join(','))).toEqual(expected);
  });

  test.each([
    '',
    'unix:',
    'tcp:',
    'tcp::6640',
    'tcp:::1:6640',
    'tcp:[10.0.0.1]:1',
    'tcp:h:0',
    'tcp:h:65536',
    'tcp:h:http',
    'udp:h:1',
    '/run/db.sock',
    'tcp:h:1,',
    `unix:/${'x'.repeat(107)}`,
  ])('refuses %j and says what was expected', text => {
    let thrown: unknown;
    try {
      parseRemotes(text);
    } catch (error) {
      thrown = error;
    }
    const failure = toFailure(thrown);
    expect(failure.code).toBe('USAGE');
    expect(failure.expected).toBeTruthy();
    expect(failure.got).toBeTruthy();
  });

  test('the client refuses an empty list', () => {
    expect(() => createOvsdbClient({ remotes: [] })).toThrow(/at least one/);
  });
});
