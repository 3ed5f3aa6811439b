import { describe, expect, it } from 'vitest';
import { createRunRenderer } from '../../../src/cli/render/run-renderer.ts';
import { COLOURED, PLAIN } from '../../../src/cli/terminal/palette.ts';
import type { RunEvent } from '../../../src/engine/run.ts';

const link = { index: 2, name: 'eth0' };
const entered = (atMs: number, state: string, previous: string | null, previousMs: number): RunEvent => ({
  type: 'state',
  atMs,
  state,
  previous,
  previousMs,
});
const effect = (atMs: number, failed = false): RunEvent => ({
  type: 'effect',
  atMs,
  effect: { op: 'link.rename', link, to: 'eth0~' },
  text: 'rename eth0 to eth0~',
  failure: failed
    ? { code: 'NETLINK_REFUSED', what: 'cannot rename link', object: 'eth0', errno: 16, errnoName: 'EBUSY' }
    : null,
});

function render(events: readonly RunEvent[], live = false, palette = PLAIN): string {
  const renderer = createRunRenderer({ palette, live, confirmCommand: 'ovs-uplink confirm -i eth0' });
  return events.map(event => renderer.render(event)).join('') + renderer.end();
}

/** What stands on a terminal after the text: `\r` and "erase line" are carried out. */
function screen(text: string): string[] {
  return text.split('\n').map(line => line.split('\r\x1b[K').at(-1)!);
}

const RUN: readonly RunEvent[] = [
  entered(0, 'assessing', null, 0),
  entered(12.3, 'cuttingOver.attachingUplink', 'assessing', 12.3),
  { type: 'observed', atMs: 14, text: 'eth0~ has an ofport' },
  effect(15),
  effect(15.2),
  entered(16.4, 'committed', 'cuttingOver.attachingUplink', 4.1),
];

describe('progress of a run', () => {
  it('a finished state is a line with its time, its duration and the number of changes', () => {
    expect(render(RUN).split('\n')).toEqual([
      '   +12.3ms assessing (12.3 ms)',
      '   +14.0ms   eth0~ has an ofport',
      '   +16.4ms cuttingOver.attachingUplink (4.1 ms, 2 changes)',
      '',
    ]);
  });

  it('a terminal shows the running state as the last line, and the same lines in the end', () => {
    const half = RUN.slice(0, 3).map(event => event);
    const renderer = createRunRenderer({ palette: PLAIN, live: true, confirmCommand: '' });
    const shown = screen(half.map(event => renderer.render(event)).join(''));
    expect(shown.at(-1)).toContain('cuttingOver.attachingUplink …');
    expect(screen(render(RUN, true))).toEqual(render(RUN).split('\n'));
  });

  it('nothing but text goes to a pipe', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(render(RUN)).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it('a refused change and a failure say what the kernel said', () => {
    const text = render([
      entered(0, 'preparing.renamingUplink', null, 0),
      effect(1, true),
      { type: 'failure', atMs: 2, failure: { code: 'DEADLINE', what: 'not finished in time', advice: 'look at OVS' } },
      entered(3, 'rollingBack', 'preparing.renamingUplink', 3),
    ]);
    expect(text).toContain('rename eth0 to eth0~: cannot rename link (eth0) [EBUSY] (NETLINK_REFUSED)');
    expect(text).toContain('not finished in time; look at OVS (DEADLINE)');
  });

  it('the state that failed is marked, the next one is not', () => {
    const text = render(
      [
        entered(0, 'a', null, 0),
        { type: 'failure', atMs: 2, failure: { code: 'DEADLINE', what: 'late' } },
        entered(3, 'b', 'a', 3),
        entered(4, 'c', 'b', 1),
      ],
      false,
      COLOURED,
    );
    expect(text).toContain(COLOURED.bad('a'));
    expect(text).not.toContain(COLOURED.bad('b'));
  });

  it('the confirm window says for how long it is open and what to run', () => {
    const text = render([{ type: 'confirm-window', atMs: 5, remainingMs: 60_000 }]);
    expect(text).toContain('rolls back in 60.0 s unless someone runs: ovs-uplink confirm -i eth0');
  });

  it('findings have severity, code, message and advice', () => {
    const finding = {
      code: 'bridge-not-ours',
      severity: 'blocking',
      message: 'br0 exists',
      advice: 'take another',
    } as const;
    const text = render([{ type: 'finding', atMs: 1, finding }]);
    expect(text).toMatch(/blocking bridge-not-ours: br0 exists\n +take another\n/);
  });

  it('control characters of foreign text do not reach the terminal', () => {
    const text = render([{ type: 'observed', atMs: 1, text: 'a\x1b]0;pwned\x07\nb\u202e' }]);
    expect(text).toBe('    +1.0ms   a\\u{1b}]0;pwned\\u{7}\\u{a}b\\u{202e}\n');
  });

  it('a running line never wraps', () => {
    const renderer = createRunRenderer({ palette: PLAIN, live: true, confirmCommand: '' });
    expect(renderer.render(entered(0, 'x'.repeat(300), null, 0)).length).toBeLessThan(80);
  });
});
