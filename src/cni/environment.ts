import { MAX_LINK_NAME_LENGTH } from '../domain/link.ts';
import { CNI_CODES, CniError } from './cni-error.ts';

/** Environment variables, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Which link of which container a command is about. */
export interface Target {
  readonly containerId: string;
  readonly ifname: string;
}

/** What the environment asks for. */
export type Invocation =
  | ({ readonly command: 'ADD'; readonly netns: string } & Target)
  | ({ readonly command: 'CHECK'; readonly netns: string } & Target)
  | ({ readonly command: 'DEL' } & Target)
  | { readonly command: 'GC' }
  | { readonly command: 'STATUS' }
  | { readonly command: 'VERSION' };

/** CNI's commands. */
export const COMMANDS = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const;

/** The form of container ids and network names: they may become parts of file names. */
const CNI_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** The form of container ids and network names, in words. */
export const CNI_NAME_FORM = 'at most 255 of a-z, A-Z, 0-9, "_", "." and "-", with a letter or digit first';
/** Longest container id and network name. */
const MAX_NAME_LENGTH = 255;
/** PATH_MAX, less its end. */
const MAX_PATH_BYTES = 4095;

const EXPECTED: Readonly<Record<string, string>> = {
  CNI_COMMAND: `one of ${COMMANDS.join(', ')}`,
  CNI_CONTAINERID: CNI_NAME_FORM,
  CNI_IFNAME: `1 to ${MAX_LINK_NAME_LENGTH} bytes without "/", ":", "%", white space and control characters, not "." or ".."`,
  CNI_NETNS: 'an absolute path of a network namespace, like /run/netns/blue',
  CNI_PATH: 'folders with CNI plugins, separated by ":"',
};

/** Reads what CNI passes in the environment. Throws an error of code 4 that names every variable that is missing or wrong. */
export function readInvocation(env: Environment): Invocation {
  const command = COMMANDS.find(known => known === env['CNI_COMMAND']);
  if (command === undefined) throw invalidEnvironment(env, ['CNI_COMMAND']);
  if (command === 'GC' || command === 'STATUS' || command === 'VERSION') return { command };
  const { CNI_CONTAINERID: containerId = '', CNI_IFNAME: ifname = '', CNI_NETNS: netns = '' } = env;
  const wrong: string[] = [];
  if (!isCniName(containerId)) wrong.push('CNI_CONTAINERID');
  if (!isLinkName(ifname)) wrong.push('CNI_IFNAME');
  // DEL has none where the container is gone, and needs none: the engine knows where the link went.
  if (command !== 'DEL' && !isPath(netns)) wrong.push('CNI_NETNS');
  if (wrong.length > 0) throw invalidEnvironment(env, wrong);
  return command === 'DEL' ? { command, containerId, ifname } : { command, containerId, ifname, netns };
}

/** True for what CNI takes as the id of a container, and as the name of a network. */
export function isCniName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && CNI_NAME.test(text);
}

/**
 * True for a name that the kernel takes as it is (dev_valid_name, net/core/dev.c). One with "%" it takes as a pattern, and gives the link another
 * name than the one asked for.
 */
export function isLinkName(text: string): boolean {
  const length = Buffer.byteLength(text);
  if (length === 0 || length > MAX_LINK_NAME_LENGTH || text === '.' || text === '..') return false;
  return !/[\s/:%\p{Cc}\p{Cs}]/u.test(text);
}

function isPath(text: string): boolean {
  return text.startsWith('/') && !text.includes('\0') && Buffer.byteLength(text) <= MAX_PATH_BYTES;
}

/** An error of code 4 for variables by name, each with the form that it should have. */
export function invalidEnvironment(env: Environment, names: readonly string[]): CniError {
  const texts = names.map(name => {
    const value = env[name] ?? '';
    return wrongVariable(name, value === '' ? 'nothing' : JSON.stringify(shorten(value)));
  });
  return environmentError(names, [...texts, 'the container runtime sets these variables'].join('; '));
}

/** An error of code 4 for a variable whose form is right. */
export function unusableVariable(name: string, got: string, advice: string): CniError {
  return environmentError([name], `${wrongVariable(name, got)}; ${advice}`);
}

function environmentError(names: readonly string[], details: string): CniError {
  return new CniError(CNI_CODES.invalidEnvironment, `invalid environment: ${names.join(', ')}`, details);
}

function wrongVariable(name: string, got: string): string {
  return `${name}: expected ${EXPECTED[name] ?? 'another value'}, got ${got}`;
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
