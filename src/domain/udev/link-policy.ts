import type { HostFacts } from '../host-facts.ts';
import type { LinkFile } from '../precheck/link-file.ts';
import { appliesTo } from '../precheck/link-file.ts';
import type { NamingSubject } from './naming.ts';
import { fileInForce, fileNameOf, hostPortDevice, wordsOf } from './naming.ts';
import { findReturningAltname } from './returning-altname.ts';

/** A file that keeps udev from getting in the way of a migration. */
export interface LinkPolicy {
  readonly path: string;
  /** Carries {@link LINK_POLICY_MARK} in its first line. */
  readonly text: string;
}

/** Begins the first line of every file of ours below {@link LINK_POLICY_FOLDER}. */
export const LINK_POLICY_MARK = '# Written by ovs-uplink';

/** Where udev looks first. */
export const LINK_POLICY_FOLDER = '/etc/systemd/network';

const DROP_IN = '50-ovs-uplink.conf';
/** Links that Open vSwitch makes; `Kind=` is known to udev since version 251 only, `Driver=` always was. */
const NOT_THE_HOST_PORT = 'Driver=!openvswitch tun';

/** Names that a migration gives. */
export interface PolicyNames {
  /** The uplink's new name. */
  readonly uplink: string;
  /** Null where the layout has none. */
  readonly hostPort: string | null;
  readonly datapath: 'system' | 'netdev';
}

/**
 * What to write so that udev neither gives the uplink its old name back as altname (F-01) nor takes the host port for the uplink (F-14); null
 * where it does nothing of that, or where no file can come before the one in force. Everything else that udev does to the link stays.
 *
 * A file that is meant for this one link, or that would take the host port for it, gets a drop-in. One that is meant for several
 * (`99-default.link`) stays as it is, for their sake: the uplink then gets a file of its own that comes first and says the same, but for that.
 */
export function linkPolicyFor(
  subject: NamingSubject,
  linkFiles: HostFacts['linkFiles'],
  names: PolicyNames,
): LinkPolicy | null {
  const { uplink } = subject;
  const returning = names.uplink === uplink.name ? undefined : findReturningAltname(subject, names.uplink);
  const file = returning?.file ?? fileInForce(subject);
  if (file === undefined) return null;
  const takesHostPort =
    (file.match.get('MACAddress') ?? []).length > 0 &&
    names.hostPort !== null &&
    appliesTo(file, hostPortDevice(subject, names.hostPort, names.datapath));
  if (returning === undefined && !takesHostPort) return null;

  const head = [`${LINK_POLICY_MARK} for ${uplink.name}; "ovs-uplink restore -i ${uplink.name}" removes it.`];
  const altnames = returning === undefined ? [] : altnameLines(subject, file, returning.policies);
  const settings = altnames.length === 0 ? [] : ['[Link]', ...altnames];
  if (takesHostPort || isForOneLink(file)) {
    const match = takesHostPort ? ['[Match]', NOT_THE_HOST_PORT] : [];
    return {
      path: dropInOf(file),
      text: `${[...head, ...match, ...settings].join('\n')}\n`,
    };
  }
  const name = fileNameBefore(fileNameOf(file.path), uplink.name);
  const original = linkFiles.find(({ path }) => path === file.path)?.text ?? '';
  if (name === null) return null;
  const lines = [
    ...head,
    `# As ${file.path}, which is meant for other links, too.`,
    '[Match]',
    ...matchLines(subject),
    ...withoutMatch(original),
    ...settings,
  ];
  return { path: `${LINK_POLICY_FOLDER}/${name}`, text: `${lines.join('\n')}\n` };
}

/** True where the policy keeps the host port out of a file that matches by address. */
export function sparesHostPort({ path, text }: LinkPolicy, file: LinkFile): boolean {
  return path === dropInOf(file) && text.includes(NOT_THE_HOST_PORT);
}

function dropInOf(file: LinkFile): string {
  return `${LINK_POLICY_FOLDER}/${fileNameOf(file.path)}.d/${DROP_IN}`;
}

/** The policy in one line, for advice: where, and which lines. */
export function describeLinkPolicy({ path, text }: LinkPolicy): string {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return `${path} with the lines ${lines.map(line => JSON.stringify(line)).join(', ')}`;
}

/** Takes the uplink's name out of the altnames; an empty assignment forgets what the file says. */
function altnameLines({ uplink, properties }: NamingSubject, file: LinkFile, guilty: readonly string[]): string[] {
  const listed = wordsOf(file, 'AlternativeName');
  const kept = listed.filter(name => name !== uplink.name);
  // Which policy makes which of its altnames is not known then: those that it has now are listed instead.
  const made = properties === null && guilty.length > 0 ? uplink.altnames.filter(name => !kept.includes(name)) : [];
  const lines: string[] = [];
  if (guilty.length > 0) {
    const policies = wordsOf(file, 'AlternativeNamesPolicy').filter(policy => !guilty.includes(policy));
    lines.push(`AlternativeNamesPolicy=${policies.join(' ')}`);
  }
  if (kept.length !== listed.length) lines.push('AlternativeName=', ...kept.map(name => `AlternativeName=${name}`));
  return [...lines, ...made.map(name => `AlternativeName=${name}`)];
}

/** True for a file that names one link: by one address, one place or one name. */
function isForOneLink(file: LinkFile): boolean {
  return ['MACAddress', 'PermanentMACAddress', 'Path', 'OriginalName'].some(key => {
    const [word, ...more] = file.match.get(key) ?? [];
    return word !== undefined && more.length === 0 && !/^!|[*?[]/.test(word);
  });
}

/** What only the uplink has; the host port gets its MAC, but neither its permanent one nor its place. */
function matchLines({ uplink, properties }: NamingSubject): string[] {
  if (uplink.permanentMac !== null) return [`PermanentMACAddress=${uplink.permanentMac}`, NOT_THE_HOST_PORT];
  const path = properties?.['ID_PATH'];
  if (path !== undefined && !/[\s*?["'\\]/.test(path)) return [`Path=${path}`, NOT_THE_HOST_PORT];
  return [`MACAddress=${uplink.mac}`, ...(uplink.kind === null ? [] : [`Kind=${uplink.kind}`]), NOT_THE_HOST_PORT];
}

/** The lines of all sections but [Match], without comments. */
function withoutMatch(text: string): string[] {
  let isMatch = true;
  return text.split(/\r?\n/).filter(raw => {
    const line = raw.trim();
    if (line.startsWith('[')) isMatch = line === '[Match]';
    return !isMatch && line !== '' && !line.startsWith('#') && !line.startsWith(';');
  });
}

/** A file name that udev tries before another; null where there is none. Files are tried in the order of their bytes. */
function fileNameBefore(other: string, uplink: string): string | null {
  const number = /^\d+/.exec(other)?.[0];
  const before =
    number === undefined || Number(number) === 0 ? [] : [String(Number(number) - 1).padStart(number.length, '0')];
  return (
    [...before, '50', '10', '00'].map(prefix => `${prefix}-ovs-uplink-${uplink}.link`).find(name => name < other) ??
    null
  );
}
