import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UdevFacts } from '../domain/udev/udev-facts.ts';
import { readSmallFile } from './read-small-file.ts';

/** Where distributions put systemd's shared library, which has the version in its name. */
const LIBRARY_FOLDERS = ['usr/lib', 'lib', 'usr/lib64', 'lib64'];
/** Where they put udev.pc. */
const PKGCONFIG_FOLDERS = ['usr/share/pkgconfig', 'usr/lib/pkgconfig', 'usr/lib64/pkgconfig'];
/** Folder with a file for each device. */
export const UDEV_DATABASE = 'run/udev/data';
const LINK_NAME = /^[^/\s\0]{1,15}$/u;
/** More than udev has ever been seen to know of a link. */
const MAX_PROPERTIES = 512;

/** What udev says of the link of that name, and which udev it is. What cannot be read is null; never rejects. */
export async function readUdevFacts(root: string, uplink: string): Promise<UdevFacts> {
  const [properties, version, isRunning] = await Promise.all([
    readProperties(root, uplink),
    readSystemdVersion(root),
    stat(join(root, 'run/udev/control')).then(
      info => info.isSocket(),
      () => false,
    ),
  ]);
  return { properties, version, isRunning };
}

/** The kernel's command line; empty where it cannot be read. */
export async function readKernelCommandLine(root: string): Promise<string> {
  return ((await readSmallFile(join(root, 'proc/cmdline'))) ?? '').trim();
}

async function readProperties(root: string, uplink: string): Promise<UdevFacts['properties']> {
  if (!LINK_NAME.test(uplink) || uplink === '.' || uplink === '..') return null;
  const index = (await readSmallFile(join(root, 'sys/class/net', uplink, 'ifindex')))?.trim();
  return index !== undefined && /^\d{1,10}$/.test(index) ? readUdevRecord(root, Number(index)) : null;
}

/**
 * What udev has written down of the link with that ifindex; null where there is nothing. Of the lines only `E:KEY=VALUE`: systemd has kept to that
 * form since version 181.
 */
export async function readUdevRecord(root: string, linkIndex: number): Promise<UdevFacts['properties']> {
  const text = await readSmallFile(join(root, UDEV_DATABASE, `n${linkIndex}`));
  if (text === undefined) return null;
  const lines = text.split('\n').filter(line => line.startsWith('E:') && line.includes('='));
  return Object.fromEntries(
    lines.slice(0, MAX_PROPERTIES).map(line => {
      const at = line.indexOf('=');
      return [line.slice('E:'.length, at), line.slice(at + 1)];
    }),
  );
}

/** By its shared library (`libsystemd-shared-252.so`, `libsystemd-shared-257.4-3.so`), else by udev.pc. */
async function readSystemdVersion(root: string): Promise<number | null> {
  for (const folder of LIBRARY_FOLDERS) {
    // Debian and its like have a folder for each architecture in between.
    const inner = (await namesIn(root, folder)).filter(name => /^[a-z0-9_]+-linux-gnu[a-z0-9]*$/.test(name));
    for (const below of ['', ...inner]) {
      for (const name of await namesIn(root, folder, below, 'systemd')) {
        const version = /^libsystemd-shared-(\d{3})\b.*\.so$/.exec(name)?.[1];
        if (version !== undefined) return Number(version);
      }
    }
  }
  for (const folder of PKGCONFIG_FOLDERS) {
    const text = await readSmallFile(join(root, folder, 'udev.pc'));
    const version = /^Version: *(\d{3})\b/m.exec(text ?? '')?.[1];
    if (version !== undefined) return Number(version);
  }
  return null;
}

function namesIn(root: string, ...folders: readonly string[]): Promise<readonly string[]> {
  return readdir(join(root, ...folders)).catch(() => []);
}
