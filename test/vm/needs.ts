import { readFileSync } from 'node:fs';
import { describeFailure, toFailure } from '../../src/errors.ts';
import { missingPrograms } from '../lab/needs.ts';
import { obtainKernel } from './kernel-cache.ts';

/** The static one; Debian has no other at this path when `busybox-static` is installed. */
export const BUSYBOX = '/bin/busybox';

/** Programs of the VM lab and the apt packages that have them. */
const PROGRAMS = {
  'qemu-system-x86_64': 'qemu-system-x86',
  [BUSYBOX]: 'busybox-static',
  setpriv: 'util-linux',
  depmod: 'kmod',
  modprobe: 'kmod',
  dpkg: 'dpkg',
};

/**
 * What this machine lacks for a VM, one sentence each; empty when one can be booted. Beside `labNeeds()`, whose
 * lab runs inside: QEMU, and Debian's kernel, which is fetched here if it is not there yet.
 */
export async function vmNeeds(): Promise<string[]> {
  const missing = missingPrograms(PROGRAMS);
  if (process.arch !== 'x64') missing.push(`an x86-64 machine is needed, this is ${process.arch}`);
  if (missing.length > 0) return missing;
  // Nothing else is there yet when it runs, so no dynamic loader either.
  if (!isStatic(readFileSync(BUSYBOX))) return [`${BUSYBOX} is not static: apt install busybox-static`];
  return await obtainKernel().then(
    () => [],
    (error: unknown) => [describeFailure(toFailure(error))],
  );
}

const PT_INTERP = 3;

/** True for an ELF program (64 bit) that asks for no loader; elf(5). */
function isStatic(program: Buffer): boolean {
  const [offset, size, count] = [
    Number(program.readBigUInt64LE(32)),
    program.readUInt16LE(54),
    program.readUInt16LE(56),
  ];
  return Array.from({ length: count }, (_, index) => program.readUInt32LE(offset + index * size)).every(
    type => type !== PT_INTERP,
  );
}
