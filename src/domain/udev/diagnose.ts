import type { Finding } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import type { Link } from '../link.ts';
import { finding } from '../precheck/finding-codes.ts';
import type { LinkFile } from '../precheck/link-file.ts';
import { firstMatch, lastValue, parseLinkFile } from '../precheck/link-file.ts';
import { describeLinkPolicy, linkPolicyFor } from './link-policy.ts';
import type { NamingSubject } from './naming.ts';
import { fileInForce, hostPortDevice, namingOptionsOf, namingSubjectOf, POLICY_PROPERTIES, wordsOf } from './naming.ts';

/** Keys of [Link] that decide about names and addresses. */
const NAMING_KEYS = [
  'NamePolicy',
  'Name',
  'AlternativeNamesPolicy',
  'AlternativeName',
  'MACAddressPolicy',
  'MACAddress',
];

/** How `doctor` says that udev names a link, or without one, any link that no other file is for. */
export function diagnoseNaming(facts: HostFacts, uplink: Link | undefined): Finding {
  const culpritless = finding('udev-naming-policy', {
    message: `no udev .link file applies${uplink === undefined ? '' : ` to ${uplink.name}`}: udev leaves the names as they are`,
    advice: 'nothing to do',
  });
  if (uplink === undefined) {
    const last = facts.linkFiles.at(-1);
    if (last === undefined) return culpritless;
    const file = parseLinkFile(last.path, last.text);
    return finding('udev-naming-policy', {
      message: `udev names links that no other file matches by ${file.path}: ${settingsOf(file)}${describeOptions(facts.kernelCommandLine, file)}`,
      culprit: file.path,
      advice: 'nothing to do',
    });
  }
  const subject = namingSubjectOf(facts, uplink);
  const file = fileInForce(subject);
  if (file === undefined) return culpritless;
  const said = [
    `udev names ${uplink.name} by ${file.path}: ${settingsOf(file)}${describeOptions(facts.kernelCommandLine, file)}`,
    ...describeHardware(subject),
    ...describeHostPort(subject, facts),
  ];
  // As a migration with the default layout would name things.
  const names = { uplink: `${uplink.name}~`, hostPort: uplink.name, datapath: datapathOf(facts) };
  const policy = linkPolicyFor(subject, facts.linkFiles, names);
  return finding('udev-naming-policy', {
    message: said.join('; '),
    culprit: file.path,
    advice: policy === null ? 'nothing to do' : `to keep udev out of a migration's way: ${describeLinkPolicy(policy)}`,
  });
}

function settingsOf(file: LinkFile): string {
  return (
    NAMING_KEYS.map(key => ({ key, words: wordsOf(file, key) }))
      .filter(({ words }) => words.length > 0)
      .map(({ key, words }) => `${key}=${words.join(' ')}`)
      .join(', ') || 'no names'
  );
}

function describeOptions(commandLine: string, file: LinkFile): string {
  const { usesNamePolicy, usesBiosdevname } = namingOptionsOf(commandLine);
  const off = !usesNamePolicy && wordsOf(file, 'NamePolicy').length > 0;
  return `${off ? ' (NamePolicy is off: net.ifnames=0)' : ''}${usesBiosdevname ? ' (biosdevname=1 goes first)' : ''}`;
}

/** The names that udev makes of the hardware, by its own database. */
function describeHardware({ properties, uplink }: NamingSubject): readonly string[] {
  if (properties === null) return [];
  const made = Object.entries(POLICY_PROPERTIES)
    .map(([policy, key]) => ({ policy, name: properties[key] }))
    .filter(({ name }) => name !== undefined)
    .map(({ policy, name }) => `${name} (${policy})`);
  return [made.length === 0 ? `it makes no name of the hardware of ${uplink.name}` : `it makes ${made.join(', ')}`];
}

/** F-16: udev may be the first to set an address, Open vSwitch then sets the planned one. */
function describeHostPort(subject: NamingSubject, facts: HostFacts): readonly string[] {
  const file = firstMatch(subject.files, hostPortDevice(subject, subject.uplink.name, datapathOf(facts)));
  if (file === undefined || lastValue(file, 'MACAddressPolicy') !== 'persistent') return [];
  return [
    `MACAddressPolicy=persistent of ${file.path} gives a host port an address for a moment: a migration waits for the one that Open vSwitch sets`,
  ];
}

function datapathOf({ hasKernelDatapath }: HostFacts): 'system' | 'netdev' {
  return hasKernelDatapath ? 'system' : 'netdev';
}
