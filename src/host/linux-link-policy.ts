import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LINK_POLICY_FOLDER, LINK_POLICY_MARK } from '../domain/udev/link-policy.ts';
import { isUplinkError, uplinkError } from '../errors.ts';
import { MAX_LINK_FILE_BYTES } from './linux-link-files.ts';

/** Options of {@link writeLinkPolicy} and {@link removeLinkPolicy}. */
export interface LinkPolicyOptions {
  readonly signal?: AbortSignal;
  /** Where /etc is; for tests. Default `/`. */
  readonly root?: string;
  /** Tells udevd to read its files again; for tests. Default {@link reloadUdev}. */
  readonly reload?: (signal?: AbortSignal) => Promise<boolean>;
}

/** What became of the request to udevd to read its files again. */
export interface LinkPolicyResult {
  /** False: nobody could be told, and udevd sees the file by itself, up to 3 s after it last looked (measured: systemd 252). */
  readonly isReloaded: boolean;
}

/** `<file>.link.d/50-ovs-uplink.conf`, or `<number>-ovs-uplink-<link>.link`; each part without a slash. */
const DROP_IN = /^[^/\0]{1,200}\.link\.d\/50-ovs-uplink\.conf$/;
const OWN_FILE = /^\d{1,9}-ovs-uplink-[^/\0]{1,15}\.link$/;
/** Stands in a drop-in whose folder is ours, too. */
const FOLDER_MARK = '# This folder, too, was made by ovs-uplink.';
const RELOAD_LIMIT_S = 5;

/**
 * Writes a `.link` file or a drop-in of ours, whole or not at all, and has udevd read it. Again with the same text it changes nothing. Rejects with
 * `USAGE` when that is no place or no text of ours, with `OWNER_REFUSED` when a file of somebody else is there, with `OWNER_UNREACHABLE` when it
 * cannot be written; then nothing is changed.
 */
export async function writeLinkPolicy(
  path: string,
  text: string,
  options: LinkPolicyOptions = {},
): Promise<LinkPolicyResult> {
  const target = placeOf(path, options.root);
  if (!text.startsWith(LINK_POLICY_MARK) || Buffer.byteLength(text) > MAX_LINK_FILE_BYTES - FOLDER_MARK.length - 1) {
    throw uplinkError('USAGE', {
      what: 'that is no link policy of ovs-uplink',
      object: path,
      expected: LINK_POLICY_MARK,
    });
  }
  try {
    const present = await readOurs(target);
    if (present !== text && present !== withFolderMark(text)) {
      await removeHalfDone(target);
      if (DROP_IN.test(partOf(path))) await writeDropIn(target, text, present?.includes(FOLDER_MARK) === true);
      else await writeWhole(target, text);
    }
  } catch (error) {
    throw refusal('cannot write the link policy', path, error);
  }
  return { isReloaded: await tellUdev(options) };
}

/**
 * Removes what {@link writeLinkPolicy} wrote, and the drop-in's folder where that was made with it and holds nothing else; then has udevd read its
 * files. Nothing there is fine. Rejects as it does.
 */
export async function removeLinkPolicy(path: string, options: LinkPolicyOptions = {}): Promise<LinkPolicyResult> {
  const target = placeOf(path, options.root);
  try {
    const present = await readOurs(target);
    await removeHalfDone(target);
    if (present !== null) {
      // Out of its folder first: killed in between, the next try still knows that the folder is ours.
      if (present.includes(FOLDER_MARK)) await rename(target, partingOf(target));
      else await unlink(target);
      await removeHalfDone(target);
      await syncFolder(dirname(target)).catch(ignore('ENOENT'));
    }
  } catch (error) {
    throw refusal('cannot remove the link policy', path, error);
  }
  return { isReloaded: await tellUdev(options) };
}

/** Tells udevd by `udevadm`, which speaks the protocol of its own version; false where that is not there or does not succeed. */
export function reloadUdev(signal?: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const options = { timeout: (RELOAD_LIMIT_S + 1) * 1000, killSignal: 'SIGKILL', signal } as const;
    execFile('udevadm', ['control', '--reload', `--timeout=${RELOAD_LIMIT_S}`], options, error =>
      resolve(error === null),
    );
  });
}

async function tellUdev({ reload = reloadUdev, signal }: LinkPolicyOptions): Promise<boolean> {
  const isReloaded = await reload(signal);
  signal?.throwIfAborted();
  return isReloaded;
}

function partOf(path: string): string {
  return path.slice(LINK_POLICY_FOLDER.length + 1);
}

/** The path comes from a journal: it must be a place where only our files are. */
function placeOf(path: string, root = '/'): string {
  const part = path.startsWith(`${LINK_POLICY_FOLDER}/`) ? partOf(path) : '';
  const isOurs = (DROP_IN.test(part) || OWN_FILE.test(part)) && !part.startsWith('.');
  if (!isOurs) {
    throw uplinkError('USAGE', {
      what: 'that is no place for a link policy',
      object: path,
      expected: `a drop-in or a .link file of ovs-uplink below ${LINK_POLICY_FOLDER}`,
    });
  }
  return join(root, path);
}

/** Text of our file; null where there is none. Whatever else is there is somebody else's. */
async function readOurs(target: string): Promise<string | null> {
  const info = await lstat(target).catch(ignore('ENOENT', 'ENOTDIR'));
  if (info === undefined) return null;
  const isSmall = info.isFile() && info.size <= MAX_LINK_FILE_BYTES;
  const text = isSmall ? await readText(target) : '';
  if (text.startsWith(LINK_POLICY_MARK)) return text;
  throw uplinkError('OWNER_REFUSED', {
    what: 'the file is not from ovs-uplink',
    object: target,
    expected: `a file that begins with "${LINK_POLICY_MARK}"`,
    advice: 'remove it if nobody needs it, or do without --write-link-policy',
  });
}

async function readText(target: string): Promise<string> {
  await using file = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
  return await file.readFile('utf8');
}

function withFolderMark(text: string): string {
  return `${text}${FOLDER_MARK}\n`;
}

/** A folder that is not there appears together with its file: whatever happens, no empty one is left whose maker nobody knows. */
async function writeDropIn(target: string, text: string, isOurFolder: boolean): Promise<void> {
  const folder = dirname(target);
  if ((await lstat(folder).catch(ignore('ENOENT'))) !== undefined) {
    return await writeWhole(target, isOurFolder ? withFolderMark(text) : text);
  }
  const temporary = temporaryOf(folder);
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(temporary);
  await chmod(temporary, 0o755);
  await writeWhole(join(temporary, basename(target)), withFolderMark(text));
  await rename(temporary, folder);
  await syncFolder(dirname(folder));
}

async function writeWhole(target: string, text: string): Promise<void> {
  const temporary = temporaryOf(target);
  await mkdir(dirname(target), { recursive: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(temporary, flags, 0o644);
  try {
    // Whatever the umask: udevd may run its workers as another user.
    await file.chmod(0o644);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, target);
  await syncFolder(dirname(target));
}

/** Beside it, hidden, and without a suffix that udev would look at. */
function temporaryOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.ovs-uplink`);
}

/** Where a drop-in goes while its folder is removed. */
function partingOf(target: string): string {
  return `${temporaryOf(dirname(target))}-parting`;
}

/** What a killed process may have left behind; nobody else gives such names. */
async function removeHalfDone(target: string): Promise<void> {
  await rm(temporaryOf(target), { force: true });
  if (!target.endsWith('.conf')) return;
  await rm(temporaryOf(dirname(target)), { force: true, recursive: true });
  if ((await readOurs(partingOf(target))) === null) return;
  // Others may have put files of theirs into it meanwhile: it stays then.
  await rmdir(dirname(target)).catch(ignore('ENOENT', 'ENOTEMPTY', 'EEXIST'));
  await unlink(partingOf(target));
  await syncFolder(dirname(dirname(target)));
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}

/** Passes over these errors. */
function ignore(...codes: readonly string[]): (error: unknown) => undefined {
  return error => {
    if (!codes.includes(String((error as NodeJS.ErrnoException).code))) throw error;
    return undefined;
  };
}

function refusal(what: string, object: string, error: unknown): Error {
  if (isUplinkError(error)) return error;
  const { code, message, errno } = error as NodeJS.ErrnoException;
  return uplinkError(
    'OWNER_UNREACHABLE',
    {
      what,
      object,
      got: message,
      ...(errno === undefined ? {} : { errno: -errno }),
      ...(code === undefined ? {} : { errnoName: code }),
      advice: 'do without --write-link-policy: the altname guard does not need it',
    },
    error,
  );
}
