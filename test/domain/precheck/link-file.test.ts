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

  it('asks for properties that udev has written down: all of those in the list, or with a "!" none', () => {
    const device = { ...hostPort, properties: { ID_BUS: 'pci', ID_MODEL: 'two words' } };
    const results = [
      'ID_BUS=pci',
      'ID_BUS=usb',
      '!ID_BUS=usb',
      'ID_BUS=pci "ID_MODEL=two words"',
      'ID_BUS=pci ID_MODEL=two',
    ];
    expect(results.map(match => applies(`Property=${match}`, device))).toEqual([true, false, true, true, false]);
  });

  it('asks for a word on the kernel’s command line, or for its key alone', () => {
    const device = { ...hostPort, commandLine: 'quiet net.ifnames=0' };
    const results = ['net.ifnames=0', 'net.ifnames', 'net.ifnames=1', '!net.ifnames=0', 'quie'];
    const lines = results.map(condition => `OriginalName=*\nKernelCommandLine=${condition}`);
    expect(lines.map(match => applies(match, device))).toEqual([true, true, false, false, false]);
    expect(applies('OriginalName=*\nKernelCommandLine=net.ifnames=1')).toBe(true);
  });

  it('asks for the type, which is the kind for some', () => {
    expect(applies('Type=bond', { ...hostPort, kind: 'bond', type: 'bond' })).toBe(true);
    expect(applies('Type=ether', { ...hostPort, kind: 'bond', type: 'bond' })).toBe(false);
  });

  it('passes over a condition that udev does not know, but needs one that it knows', () => {
    expect(applies('OriginalName=*\nUnheard=of')).toBe(true);
  });

  it('has the last of two policies, and all altnames', () => {
    const file = parseLinkFile(
      '/x.link',
      '[Link]\nNamePolicy=keep path\nAlternativeName=a b\n[Match]\nOriginalName=*\n[Link]\nNamePolicy=mac\nAlternativeName=c\n',
    );
    expect(file.link.get('NamePolicy')).toEqual(['mac']);
    expect(file.link.get('AlternativeName')).toEqual(['a', 'b', 'c']);
  });

  it('is not looked at when an earlier one matches', () => {
    const files = ['/a.link', '/b.link'].map(path => parseLinkFile(path, '[Match]\nOriginalName=*'));
    expect(firstMatch(files, hostPort)?.path).toBe('/a.link');
  });
});
