import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadHost } from '../../../../src/host/simulated/description/load-host.ts';
import { createWorld } from '../../../../src/host/simulated/world.ts';

const HOSTS = join(import.meta.dirname, '../../../../fixtures/hosts');

describe('ovs-vswitchd of a described host', () => {
  it.each(readdirSync(HOSTS).filter(file => file.endsWith('.yaml')))('finds everything done on %s', file => {
    const { clock, kernel, ovs } = createWorld(loadHost(readFileSync(join(HOSTS, file), 'utf8'), file));
    const before = [kernel.read({ routes: false }).links, ovs.database().bridges, ovs.database().interfaces];
    ovs.touch();
    clock.advance(1000);
    expect(ovs.database().system).toMatchObject({ nextCfg: 2, curCfg: 2 });
    expect([kernel.read({ routes: false }).links, ovs.database().bridges, ovs.database().interfaces]).toEqual(before);
  });
});
