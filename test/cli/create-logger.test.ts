import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/cli/create-logger.ts';
import { collectTerminal } from './collected-terminal.ts';

describe('logs', () => {
  it('go to standard error as one JSON object a line, from the level that was asked for', async () => {
    const { terminal, out, err } = collectTerminal();
    const logger = await createLogger(terminal, 'info');
    logger.debug('not this');
    logger.info({ link: 'eth0', durationMs: 4.1 }, 'state entered');
    expect(out()).toBe('');
    expect(JSON.parse(err())).toMatchObject({ level: 30, link: 'eth0', durationMs: 4.1, msg: 'state entered' });
  });

  it('are for people on a terminal, unless --json is given', async () => {
    const people = collectTerminal({ tty: true });
    (await createLogger(people.terminal, 'warn')).warn({ link: 'eth0' }, 'something odd');
    expect(people.err()).toMatch(/WARN.*something odd[\s\S]*link.*eth0/);
    const machine = collectTerminal({ tty: true, json: true });
    (await createLogger(machine.terminal, 'warn')).warn('something odd');
    expect(JSON.parse(machine.err())).toMatchObject({ msg: 'something odd' });
  });
});
