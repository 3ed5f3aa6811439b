import { expect, it } from 'vitest';
import { LAYOUTS, namesOf } from '../../src/domain/layout.ts';

it.each([
  ['host-port', { uplink: 'eth0~', hostPort: 'eth0', bridge: 'br-ext', hostPortIsLocal: false }],
  ['bridge-port', { uplink: 'eth0', hostPort: 'br-ext', bridge: 'br-ext', hostPortIsLocal: true }],
  ['exchange-names', { uplink: 'br-ext', hostPort: 'eth0', bridge: 'eth0', hostPortIsLocal: true }],
  ['attach-only', { uplink: 'eth0', hostPort: null, bridge: 'br-ext', hostPortIsLocal: false }],
] as const)('%s gives the names of the design’s table', (layout, names) => {
  expect(namesOf(layout, 'eth0', 'br-ext')).toEqual(names);
});

it('no layout gives one name to the uplink and to the host port', () => {
  for (const layout of LAYOUTS) {
    const { uplink, hostPort } = namesOf(layout, 'eth0', 'br-ext');
    expect(uplink).not.toBe(hostPort);
  }
});
