import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/cli/parse/duration.ts';
import { catchUsage } from '../catch-usage.ts';

describe('durations', () => {
  it.each([
    ['1ms', 1],
    ['500ms', 500],
    ['60s', 60_000],
    ['1.5m', 90_000],
    ['0.25s', 250],
    ['2m', 120_000],
    ['24h', 86_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '60',
    's',
    '-1s',
    '+1s',
    ' 1s',
    '1 s',
    '1s ',
    '1e3s',
    '0x10s',
    '1S',
    '1d',
    '1s2',
    '1.s',
    '.5s',
    '١s',
    '1s\n',
  ])('%j is no duration, and the error says what one looks like', async text => {
    const { message } = await catchUsage(() => parseDuration(text));
    expect(message).toContain('500ms, 60s or 2m');
  });

  it.each(['0s', '0.0001ms', '25h', '999999999h'])('%s is out of range', async text => {
    expect((await catchUsage(() => parseDuration(text))).message).toContain('from 1ms to 24h');
  });

  it('a number without a unit is answered with both readings', async () => {
    expect((await catchUsage(() => parseDuration('60'))).details.advice).toContain('60s');
  });

  it.each([
    [0.04, '0.0 ms'],
    [4.1, '4.1 ms'],
    [999.94, '999.9 ms'],
    [999.96, '1.0 s'],
    [12_345, '12.3 s'],
    [125_000, '2m 05s'],
    [119_600, '2m 00s'],
  ])('%d ms is shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
