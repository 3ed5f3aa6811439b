// JavaScript on purpose: with the compile cache on before the first TypeScript file is met, node does not even load its type stripper, which takes
// longer than everything else at the start.
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps compiled code in `~/.cache/ovs-uplink` for the next start. Does nothing where that is not private: V8 runs what it finds in the
 * cache, so whoever can write there can run code as us. The home folder is that of the user (not `$HOME`, which sudo may keep).
 */
function keepCompiledCode() {
  try {
    const { uid, homedir } = userInfo();
    const cache = join(homedir, '.cache');
    const folder = join(cache, 'ovs-uplink');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ([homedir, cache, folder].every(path => isPrivate(path, uid))) enableCompileCache(folder);
  } catch {
    // No home, a read-only disk: we start without a cache.
  }
}

/** @param {string} path @param {number} uid */
function isPrivate(path, uid) {
  const stat = lstatSync(path);
  return stat.isDirectory() && (stat.uid === uid || stat.uid === 0) && (stat.mode & 0o022) === 0;
}

/**
 * Runs a program of the package.
 * @param {string} entry Its code, below src or dist/src, without the ending.
 */
export async function load(entry) {
  keepCompiledCode();
  // node strips no types below node_modules: an installed package runs what was built.
  const source = new URL(`../src/${entry}.ts`, import.meta.url);
  const isCheckout = existsSync(source) && !source.pathname.includes('/node_modules/');
  await import(isCheckout ? source.href : new URL(`../dist/src/${entry}.js`, import.meta.url).href);
}
