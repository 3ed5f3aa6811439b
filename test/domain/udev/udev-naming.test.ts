import { describe, expect, it } from 'vitest';
import { fileInForce, namingOptionsOf } from '../../../src/domain/udev/naming.ts';
import { findReturningAltname } from '../../../src/domain/udev/returning-altname.ts';
import { udevPropertiesOf } from '../../../src/domain/udev/udev-facts.ts';
import { DEFAULT_LINK, DEFAULT_PATH, ENP0S1_RECORD, type Host, subjectOf, uplinkOf } from './subjects.ts';

describe('the kernel’s command line', () => {
  it.each([
    ['', true],
    ['quiet net.ifnames=0 ro', false],
    ['net.ifnames=no', false],
    ['net.ifnames', true],
    ['net.ifnames=0 net.ifnames=1', true],
    ['other-net.ifnames=0', true],
  ])('%j: names by policy: %s', (text, expected) => {
    expect(namingOptionsOf(text).usesNamePolicy).toBe(expected);
  });

  it('asks for biosdevname only when it says so', () => {
    expect(['', 'biosdevname=0', 'biosdevname=1'].map(text => namingOptionsOf(text).usesBiosdevname)).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('what udev has written down', () => {
  const of = (properties: Record<string, string>, link: Host['uplink'] = {}) =>
    udevPropertiesOf({ properties, version: null, isRunning: true }, uplinkOf({ uplink: link }));

  it('is of this link when it has the name of its address', () => {
    expect(of(ENP0S1_RECORD)).toBe(ENP0S1_RECORD);
    expect(of({ ...ENP0S1_RECORD, ID_NET_NAME_MAC: 'enx525400000008' })).toBeNull();
  });

  it('is of this link when it gave the name, where the address makes none', () => {
    expect(of({ ID_NET_NAME: 'enp0s1' })).not.toBeNull();
    expect(of({ ID_NET_NAME: 'veth7' })).toBeNull();
    expect(of({ ID_NET_NAME: 'veth7' }, { altnames: ['veth7'] })).not.toBeNull();
    expect(of({})).toBeNull();
  });
});

describe('the .link file in force', () => {
  const path = (host: Host, name?: string) => fileInForce(subjectOf(host), name)?.path;
  const files = { '/etc/10-driver.link': '[Match]\nDriver=e1000e\n', [DEFAULT_PATH]: DEFAULT_LINK };

  it('is the first that may apply while nothing is known of the hardware, and the right one once that is known', () => {
    expect(path({ files })).toBe('/etc/10-driver.link');
    expect(path({ files, udev: { properties: ENP0S1_RECORD } })).toBe(DEFAULT_PATH);
  });

  it('is the one that udev says, wherever that lies', () => {
    const udev = { properties: { ...ENP0S1_RECORD, ID_NET_LINK_FILE: '/lib/systemd/network/99-default.link' } };
    const first = { '/etc/10-host.link': '[Match]\nHost=another\nOriginalName=*\n', [DEFAULT_PATH]: DEFAULT_LINK };
    expect(path({ files: first })).toBe('/etc/10-host.link');
    expect(path({ files: first, udev })).toBe(DEFAULT_PATH);
  });

  it('is another for a new name', () => {
    const named = { '/etc/10-name.link': '[Match]\nOriginalName=enp0s1\n', [DEFAULT_PATH]: DEFAULT_LINK };
    const udev = { properties: { ...ENP0S1_RECORD, ID_NET_LINK_FILE: '/etc/10-name.link' } };
    expect(path({ files: named, udev })).toBe('/etc/10-name.link');
    expect(path({ files: named, udev }, 'enp0s1~')).toBe(DEFAULT_PATH);
    const tilde = { '/etc/10-tilde.link': '[Match]\nOriginalName=*~\n', [DEFAULT_PATH]: DEFAULT_LINK };
    const byDefault = { properties: { ...ENP0S1_RECORD, ID_NET_LINK_FILE: DEFAULT_PATH } };
    expect(path({ files: tilde, udev: byDefault }, 'enp0s1~')).toBe('/etc/10-tilde.link');
  });

  it('depends on the kernel’s command line', () => {
    const usb = { '/usr/lib/73.link': '[Match]\nKernelCommandLine=!net.ifnames=0\nOriginalName=*\n' };
    expect(path({ files: usb, commandLine: 'quiet' })).toBe('/usr/lib/73.link');
    expect(path({ files: usb, commandLine: 'quiet net.ifnames=0' })).toBeUndefined();
  });
});

describe('the altname that udev gives back', () => {
  const find = (host: Host) => findReturningAltname(subjectOf(host), 'enp0s1~');
  const single = { '/etc/10.link': '[Match]\nOriginalName=*\n[Link]\nNamePolicy=path\nAlternativeNamesPolicy=path\n' };

  it('comes for sure where names and altnames follow one policy, and udev’s database has the name (seed case)', () => {
    const found = find({ files: single, udev: { properties: ENP0S1_RECORD, version: 252 } });
    expect(found).toMatchObject({ policies: ['path'], isListed: false, isSure: true });
  });

  it('may come where the database is not known', () => {
    expect(find({ files: single, udev: { version: 252 } })).toMatchObject({ policies: ['path'], isSure: false });
  });

  it('does not come where the policies make other names', () => {
    const properties = { ...ENP0S1_RECORD, ID_NET_NAME_PATH: 'enp7s0' };
    expect(find({ files: single, udev: { properties, version: 252 } })).toBeUndefined();
    expect(find({ files: single, commandLine: 'net.ifnames=0' })).toBeUndefined();
  });

  it('comes by the one policy that makes it, of several', () => {
    const found = find({ files: { [DEFAULT_PATH]: DEFAULT_LINK }, udev: { properties: ENP0S1_RECORD, version: 252 } });
    expect(found).toMatchObject({ policies: ['path'], isSure: true });
  });

  it('comes only perhaps with a systemd that gives altnames to new links only', () => {
    expect(find({ files: single, udev: { properties: ENP0S1_RECORD, version: 254 } })?.isSure).toBe(false);
  });

  it('comes from a list, database or not', () => {
    const files = { '/etc/10.link': '[Match]\nOriginalName=*\n[Link]\nAlternativeName=wan enp0s1\n' };
    expect(find({ files, udev: { version: 247 } })).toMatchObject({ isListed: true, isSure: true });
  });

  it('does not come where a drop-in takes it away', () => {
    const text =
      '[Match]\nOriginalName=*\n[Link]\nAlternativeName=enp0s1\nAlternativeNamesPolicy=path\nNamePolicy=path\n';
    const dropIn = '[Link]\nAlternativeName=\nAlternativeName=wan\nAlternativeNamesPolicy=slot\n';
    expect(find({ files: { '/etc/10.link': `${text}\n${dropIn}` } })).toBeUndefined();
  });

  it('may come from the file for the old name, when udev is late', () => {
    const files = { '/etc/10.link': '[Match]\nOriginalName=enp0s1\n[Link]\nAlternativeName=enp0s1\n' };
    expect(find({ files, udev: { version: 252 } })).toMatchObject({ isListed: true, isSure: false });
  });
});
