import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProbe } from '../../../src/cli/parse/probe.ts';
import { splitArguments } from '../../../src/cli/parse/split-arguments.ts';
import { formatProbe } from '../../../src/domain/request.ts';
import { catchUsage } from '../catch-usage.ts';

describe('probes', () => {
  it.each([
    ['gateway', { kind: 'gateway' }],
    ['tcp:10.0.0.1:443', { kind: 'tcp', host: '10.0.0.1', port: 443 }],
    ['tcp:[2001:db8::1]:443', { kind: 'tcp', host: '2001:db8::1', port: 443 }],
    ['tcp:api.example:65535', { kind: 'tcp', host: 'api.example', port: 65_535 }],
    ['cmd:ping -c1 h', { kind: 'command', argv: ['ping', '-c1', 'h'] }],
    ['cmd:["ping","-c1","a b"]', { kind: 'command', argv: ['ping', '-c1', 'a b'] }],
    ['cmd: [ "true" ]', { kind: 'command', argv: ['true'] }],
    [`cmd:sh -c 'a "b" $c' "d \\" e" f\\ g`, { kind: 'command', argv: ['sh', '-c', 'a "b" $c', 'd " e', 'f g'] }],
    [`cmd:x ''`, { kind: 'command', argv: ['x', ''] }],
  ])('%s', (text, probe) => {
    expect(parseProbe(text)).toEqual(probe);
  });

  it.each([
    '',
    'gatway',
    'tcp:',
    'tcp:h',
    'tcp:h:0',
    'tcp:h:65536',
    'tcp:h:1:2',
    'tcp:2001:db8::1:443',
    'tcp:[h]:1',
    'tcp:[::1]',
    'cmd:',
    'cmd:   ',
    'cmd:[]',
    'cmd:[""]',
    'cmd:["a",1]',
    'cmd:["a"',
    'cmd:["a"] b',
    `cmd:'a`,
    'cmd:a "b',
    'cmd:["a","b\\u0000c"]',
    'udp:h:1',
  ])('%j is refused', async text => {
    await catchUsage(() => parseProbe(text));
  });

  it('a misspelt gateway is recognised', async () => {
    expect((await catchUsage(() => parseProbe('gatway'))).details.advice).toBe('did you mean gateway?');
  });

  it('every TCP probe is read back from its text', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        const probe = { kind: 'tcp', host: name, port } as const;
        expect(parseProbe(formatProbe(probe))).toEqual(probe);
      }),
    );
  });

  it('every command that is quoted word by word is split into the same words', () => {
    const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), words => {
        expect(splitArguments(words.map(quote).join(' '))).toEqual(words);
      }),
    );
  });
});
