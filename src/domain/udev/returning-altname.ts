import type { LinkFile } from '../precheck/link-file.ts';
import type { NamingSubject } from './naming.ts';
import { fileInForce, POLICY_PROPERTIES, wordsOf } from './naming.ts';
import { FIRST_QUIET_VERSION } from './udev-facts.ts';

/** How udev would give a renamed uplink its old name back as altname (F-01). */
export interface ReturningAltname {
  readonly file: LinkFile;
  /** `AlternativeName=` lists the name. */
  readonly isListed: boolean;
  /** Words of `AlternativeNamesPolicy=` that make it. */
  readonly policies: readonly string[];
  /** It happens at each rename, for sure: udev's own database says so, or the file lists the name, and this version is one that does it. */
  readonly isSure: boolean;
}

/** Says whether udev gives the uplink's present name back once that is called `newName`; undefined where it does not. */
export function findReturningAltname(subject: NamingSubject, newName: string): ReturningAltname | undefined {
  const after = fileInForce(subject, newName);
  const found = after === undefined ? undefined : findCause(subject, after);
  if (found !== undefined) return found;
  // udev handles what happened before the rename late: by then with the file for the old name.
  const before = fileInForce(subject);
  const early = before === undefined || before === after ? undefined : findCause(subject, before);
  return early === undefined ? undefined : { ...early, isSure: false };
}

function findCause(subject: NamingSubject, file: LinkFile): ReturningAltname | undefined {
  const { uplink, properties, version } = subject;
  const isListed = wordsOf(file, 'AlternativeName').includes(uplink.name);
  const policies = policiesThatMake(subject, file);
  if (!isListed && policies.length === 0) return undefined;
  const isAtRename = version !== null && version < FIRST_QUIET_VERSION;
  return { file, isListed, policies, isSure: isAtRename && (isListed || properties !== null) };
}

/** The altname policies that make the uplink's name; where udev's database is not known, those that may have named it. */
function policiesThatMake({ uplink, properties, options }: NamingSubject, file: LinkFile): readonly string[] {
  const policies = wordsOf(file, 'AlternativeNamesPolicy');
  if (properties !== null)
    return policies.filter(policy => properties[POLICY_PROPERTIES[policy] ?? ''] === uplink.name);
  if (!options.usesNamePolicy || options.usesBiosdevname) return [];
  const naming = wordsOf(file, 'NamePolicy');
  return policies.filter(policy => naming.includes(policy));
}

/** What in the file makes the name: `AlternativeName=eth0`, `AlternativeNamesPolicy=path, which makes enp0s1`. */
export function describeCause({ isListed, policies }: ReturningAltname, { uplink, properties }: NamingSubject): string {
  if (isListed) return `AlternativeName=${uplink.name}`;
  const words = policies.join(', ');
  return properties === null
    ? `${words} in both NamePolicy and AlternativeNamesPolicy`
    : `AlternativeNamesPolicy=${words}, which makes ${uplink.name} of this hardware`;
}

/** What this version of systemd does with altnames at a rename; empty where the version is not known. */
export function describeVersion(version: number | null): string {
  if (version === null) return '';
  return version < FIRST_QUIET_VERSION
    ? `; systemd ${version} gives altnames at each rename`
    : `; systemd ${version} gives altnames only when a link appears, or when somebody triggers that`;
}
