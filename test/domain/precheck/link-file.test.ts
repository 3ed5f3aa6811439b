import { describe, expect, it } from 'vitest';
import type { UdevDevice } from '../../../src/domain/precheck/link-file.ts';
import { appliesTo, firstMatch, lastValue, parseLinkFile } from '../../../src/domain/precheck/link-file.ts';

const hostPort: UdevDevice = {
  name: 'br-ext',
  mac: '00:25:90:aa:bb:01',
  permanentMac: null,
  driver: 'openvswitch',
  kind: 'openvswitch',
  path: null,
  properties: null,
};

function applies(match: string, device: UdevDevice = hostPort): boolean {
  return appliesTo(parseLinkFile('/x.link', `[Match]\n${match}\n`), device);
}

describe('a .link file', () => {
  it.each([
    ['MACAddress=00:25:90:aa:bb:01', true],
    ['MACAddress=00-25-90-AA-BB-01', true],
    ['MACAddress=02:00:00:00:00:01 00:25:90:aa:bb:01', true],
    ['MACAddress=02:00:00:00:00:01\nMACAddress=00:25:90:aa:bb:01', true],
    ['MACAddress=00:25:90:aa:bb:01\nMACAddress=', false],
    ['PermanentMACAddress=00:25:90:aa:bb:01', false],
    ['Path=pci-0000:00:04.0', false],
    ['Property=ID_BUS=pci', false],
    ['Type=ether', true],
    ['Type=wlan', false],
    ['Type=!wlan', true],
    ['Kind=!openvswitch tun', false],
    ['Kind=!bond', true],
    ['Driver=virtio*', false],
    ['Driver=open[uv]switch', true],
    ['OriginalName=br-*', true],
    ['OriginalName=br?ext', true],
    ['OriginalName=br.ext', false],
    ['OriginalName=[!a]r-ext', true],
    ['OriginalName=[z-a]', false],
    ['Host=somewhere\nType=ether', true],
    ['Unheard=of', false],
    ['', false],
    ['# MACAddress=00:25:90:aa:bb:01', false],
  ])('with %j applies to the host port: %s', (match, expected) => {
    expect(applies(match)).toBe(expected);
  });

  it('takes what is not known of a device as fitting', () => {
    expect(applies('Driver=e1000e\nPath=pci-*', { ...hostPort, driver: undefined, path: undefined })).toBe(true);
  });

  it('goes on in the next line after a backslash, and with any line ends', () => {
    const file = parseLinkFile('/x.link', '[Match]\r\nOriginalName=*\r\n[Link]\r\nAlternativeName=a \\\r\n b\r\n');
    expect(file.link.get('AlternativeName')).toEqual(['a', 'b']);
  });

  it('has the last of several values', () => {
    expect(lastValue(parseLinkFile('/x.link', '[Link]\nName=a\nName=b'), 'Name')).toBe('b');
  });

  it('is not looked at when an earlier one matches', () => {
    const files = ['/a.link', '/b.link'].map(path => parseLinkFile(path, '[Match]\nOriginalName=*'));
    expect(firstMatch(files, hostPort)?.path).toBe('/a.link');
  });
});
