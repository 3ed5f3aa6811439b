import { describe, expect, it } from 'vitest';
import { precheck } from '../../../src/domain/precheck/index.ts';
import { appliesTo, firstMatch, parseLinkFile } from '../../../src/domain/precheck/link-file.ts';
import { diagnoseNaming } from '../../../src/domain/udev/diagnose.ts';
import { describeLinkPolicy, LINK_POLICY_MARK, linkPolicyFor } from '../../../src/domain/udev/link-policy.ts';
import { hostPortDevice, namingSubjectOf, uplinkDevice } from '../../../src/domain/udev/naming.ts';
import { findReturningAltname } from '../../../src/domain/udev/returning-altname.ts';
import { input, kernel, request } from '../precheck/hosts.ts';
import { DEFAULT_LINK, DEFAULT_PATH, ENP0S1_RECORD, factsOf, type Host, subjectOf, uplinkOf } from './subjects.ts';

const NAMES = { uplink: 'enp0s1~', hostPort: 'enp0s1', datapath: 'system' } as const;
const NETPLAN_PATH = '/run/systemd/network/10-netplan-enp0s1.link';
const NETPLAN =
  '[Match]\nMACAddress=52:54:00:00:00:07\n\n[Link]\nMTUBytes=9000\nAlternativeName=enp0s1\nAlternativeName=wan\n';

const policyOf = (host: Host) => linkPolicyFor(subjectOf(host), factsOf(host).linkFiles, NAMES);

/** The same host with the policy in place, as the reader of `.link` files would give it. */
function withPolicy(host: Host): Host {
  const policy = policyOf(host);
  if (policy === null) throw new Error('no policy');
  const dropIn = /\/([^/]+)\.d\/50-ovs-uplink\.conf$/.exec(policy.path)?.[1];
  const files = { ...host.files };
  if (dropIn === undefined) files[policy.path] = policy.text;
  else {
    const path = Object.keys(files).find(one => one.endsWith(`/${dropIn}`)) ?? '';
    files[path] = `${files[path]}\n${policy.text}`;
  }
  const byName = Object.entries(files).sort(([a], [b]) => (basename(a) < basename(b) ? -1 : 1));
  return { ...host, files: Object.fromEntries(byName) };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

describe('the policy that keeps udev out of the way', () => {
  const hosts: Readonly<Record<string, Host>> = {
    'a file for the uplink, which lists the name': { files: { [NETPLAN_PATH]: NETPLAN, [DEFAULT_PATH]: DEFAULT_LINK } },
    'the default file, by the policies': { files: { [DEFAULT_PATH]: DEFAULT_LINK }, uplink: { altnames: ['ens1'] } },
    'the default file, by udev’s database': {
      files: { [DEFAULT_PATH]: DEFAULT_LINK },
      udev: { properties: { ...ENP0S1_RECORD, ID_NET_LINK_FILE: DEFAULT_PATH }, version: 252 },
    },
    'a file for all links, the uplink being a veth': {
      files: { '/etc/systemd/network/05-all.link': '[Match]\nOriginalName=*\n[Link]\nAlternativeName=enp0s1\n' },
      uplink: { permanentMac: null, kind: 'veth' },
    },
  };

  it.each(Object.entries(hosts))('takes the name away, and leaves the host port alone: %s', (_what, host) => {
    expect(findReturningAltname(subjectOf(host), NAMES.uplink)).toBeDefined();
    const after = withPolicy(host);
    const subject = { ...subjectOf(after), properties: subjectOf(host).properties };
    // As udev would find it: the record still names the file of before.
    const found = firstMatch(subject.files, uplinkDevice(subject));
    expect(found?.path).toMatch(/ovs-uplink|netplan/);
    const recorded =
      subject.properties === null ? null : { ...subject.properties, ID_NET_LINK_FILE: found?.path ?? '' };
    expect(findReturningAltname({ ...subject, properties: recorded }, NAMES.uplink)).toBeUndefined();
    const policy = policyOf(host)!;
    const file = found?.path === policy.path ? parseLinkFile(policy.path, policy.text) : found!;
    expect(appliesTo(file, hostPortDevice(subject, NAMES.hostPort, 'system'))).toBe(false);
    expect(appliesTo(file, hostPortDevice(subject, NAMES.hostPort, 'netdev'))).toBe(false);
    expect(policy.text.startsWith(LINK_POLICY_MARK)).toBe(true);
  });

  it('is a drop-in for a file that is meant for one link, and keeps its other altnames', () => {
    expect(policyOf({ files: { [NETPLAN_PATH]: NETPLAN } })).toEqual({
      path: '/etc/systemd/network/10-netplan-enp0s1.link.d/50-ovs-uplink.conf',
      text: [
        '# Written by ovs-uplink for enp0s1; "ovs-uplink restore -i enp0s1" removes it.',
        '[Match]',
        'Driver=!openvswitch tun',
        '[Link]',
        'AlternativeName=',
        'AlternativeName=wan',
        '',
      ].join('\n'),
    });
  });

  it('is a file of its own before one that is meant for several, and says the rest of it', () => {
    const host = { files: { [DEFAULT_PATH]: DEFAULT_LINK }, udev: { properties: ENP0S1_RECORD, version: 252 } };
    const policy = policyOf(host);
    expect(policy?.path).toBe('/etc/systemd/network/98-ovs-uplink-enp0s1.link');
    expect(policy?.text.split('\n').filter(line => !line.startsWith('#'))).toEqual([
      '[Match]',
      'PermanentMACAddress=52:54:00:00:00:07',
      'Driver=!openvswitch tun',
      '[Link]',
      'NamePolicy=keep kernel database onboard slot path',
      'AlternativeNamesPolicy=database onboard slot path',
      'MACAddressPolicy=persistent',
      '[Link]',
      'AlternativeNamesPolicy=database onboard slot',
      '',
    ]);
  });

  it('lists the altnames that the link has where it is not known which policy makes which', () => {
    const { text } = policyOf({ files: { [DEFAULT_PATH]: DEFAULT_LINK }, uplink: { altnames: ['ens1', 'wan'] } })!;
    expect(text).toMatch(/AlternativeNamesPolicy=\nAlternativeName=ens1\nAlternativeName=wan\n$/);
  });

  it('only spares the host port where a file by MAC gives no altname', () => {
    const text = '[Match]\nMACAddress=52:54:00:00:00:07\n[Link]\nMTUBytes=9000\n';
    expect(policyOf({ files: { '/etc/systemd/network/10-lan.link': text } })?.text).toMatch(
      /^# .*\n\[Match\]\nDriver=!openvswitch tun\n$/,
    );
  });

  it('is a drop-in for a file by MAC that is meant for several: the host port must not fall to that', () => {
    const text = '[Match]\nMACAddress=52:54:00:00:00:07 52:54:00:00:00:08\n[Link]\nNamePolicy=keep\n';
    expect(policyOf({ files: { '/etc/systemd/network/10-lan.link': text } })?.path).toMatch(/10-lan\.link\.d/);
  });

  it.each(['Name=lan0', 'MTUBytes=9000'])(
    'lets the pre-check pass what it cures, once it is asked for (%s)',
    setting => {
      const text = `[Match]\nMACAddress=52:54:00:00:00:07\n[Link]\n${setting}\n`;
      const host = { files: { '/etc/systemd/network/10-lan.link': text } };
      const codes = (writeLinkPolicy: boolean) =>
        precheck(
          input({
            kernel: kernel({ links: [uplinkOf(host)] }),
            facts: factsOf(host),
            request: request({ uplink: 'enp0s1', writeLinkPolicy }),
          }),
        )
          .map(found => found.code)
          .filter(code => code.startsWith('link-file-'));
      expect(codes(false)).toHaveLength(1);
      expect(codes(true)).toEqual([]);
    },
  );

  it('finds a place before every file name, or says that there is none', () => {
    const place = (name: string) =>
      policyOf({
        files: { [`/etc/systemd/network/${name}`]: '[Match]\nOriginalName=*\n[Link]\nAlternativeName=enp0s1\n' },
      })?.path;
    expect(place('100-all.link')).toBe('/etc/systemd/network/099-ovs-uplink-enp0s1.link');
    expect(place('all.link')).toBe('/etc/systemd/network/50-ovs-uplink-enp0s1.link');
    expect(place('00-all.link')).toBeUndefined();
    expect(place('00-zebra.link')).toBe('/etc/systemd/network/00-ovs-uplink-enp0s1.link');
  });

  it('is not needed where udev does nothing of the kind', () => {
    expect(policyOf({})).toBeNull();
    expect(policyOf({ files: { [DEFAULT_PATH]: DEFAULT_LINK }, commandLine: 'net.ifnames=0' })).toBeNull();
  });
});

describe('doctor on names', () => {
  const say = (host: Host) => diagnoseNaming(factsOf(host), uplinkOf(host));
  const properties = { ...ENP0S1_RECORD, ID_NET_LINK_FILE: DEFAULT_PATH };

  it('tells the file in force, the names that the hardware makes, and the policy that avoids the conflict', () => {
    const host = { files: { [DEFAULT_PATH]: DEFAULT_LINK }, udev: { properties, version: 252 } };
    const { message, advice, culprit } = say(host);
    expect(message).toContain(`${DEFAULT_PATH}: NamePolicy=keep kernel database onboard slot path`);
    expect(message).toContain('ens1 (slot), enp0s1 (path)');
    expect(message).toContain('MACAddressPolicy=persistent');
    expect(advice).toContain(describeLinkPolicy(policyOf(host)!));
    expect(advice).toContain('"AlternativeNamesPolicy=database onboard slot"');
    expect(culprit).toBe(DEFAULT_PATH);
  });

  it('tells that the kernel’s command line switches policies off', () => {
    const host = { files: { [DEFAULT_PATH]: DEFAULT_LINK }, commandLine: 'net.ifnames=0 biosdevname=1' };
    expect(say(host).message).toMatch(/net\.ifnames=0.*biosdevname=1/);
    expect(say(host).advice).toBe('nothing to do');
  });

  it('tells of links in general where none is named', () => {
    const { message } = diagnoseNaming(factsOf({ files: { [DEFAULT_PATH]: DEFAULT_LINK } }), undefined);
    expect(message).toContain('links that no other file matches');
    expect(diagnoseNaming(factsOf({}), undefined).message).toContain('no udev .link file applies');
  });

  it('is the same for a link that udev calls otherwise', () => {
    const other = namingSubjectOf(factsOf({ udev: { properties: { ID_NET_NAME: 'veth7' } } }), uplinkOf({}));
    expect(other.properties).toBeNull();
  });
});
