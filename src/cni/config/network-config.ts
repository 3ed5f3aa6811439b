import * as z from 'zod';
import { parseBoundedJson } from '../bounded-json.ts';
import { CNI_CODES, cniError } from '../cni-error.ts';
import { CNI_NAME_FORM, type Invocation, isCniName, isLinkName } from '../environment.ts';
import { type CniVersion, isAtLeast, SUPPORTED_VERSIONS, supportedVersion } from '../version.ts';
import { checkSchema } from './check-schema.ts';
import { selectorShape } from './device-selector.ts';
import { dnsSchema, resultSchema } from './result-schema.ts';
import { textOf } from './text-of.ts';

/** What errors call it. */
export const CONFIG = 'the network configuration';

const NAME = `a name of ${CNI_NAME_FORM}`;
const PLUGIN_NAME = 'the file name of a plugin, like host-local';
const KEYS = 'keys and values';

/** The empty one is as good as none. */
const isFileName = (text: string) => /^[^/\\\0]{0,255}$/.test(text) && text !== '.' && text !== '..';

const isAbsolute = (text: string) => /^(\/[^\0]*)?$/.test(text);

/** Where the engine finds what it needs; containernetworking's plugin has no such keys. */
const moverShape = {
  stateDir: textOf('an absolute path of a folder, like /var/lib/ovs-uplink', isAbsolute).nullish(),
  ovsdb: z.string('a database of Open vSwitch, like unix:/var/run/openvswitch/db.sock').nullish(),
};

/** Keys that every command needs; all others stay as they are, for the IPAM plugin has keys of its own. */
const commonShape = {
  ...moverShape,
  name: textOf(NAME, isCniName),
  ipam: z
    .looseObject(
      {
        type: textOf(PLUGIN_NAME, isFileName).nullish(),
      },
      KEYS,
    )
    .nullish(),
};

/** Of ADD: which device, and what it goes on from. */
export const addSchema = z.looseObject(
  { ...commonShape, ...selectorShape, dns: dnsSchema.nullish(), prevResult: resultSchema.nullish() },
  KEYS,
);

/** Of DEL: what the device was is the engine's to know, and a mistake in a key that is not needed keeps no device away from home. */
export const delSchema = z.looseObject(commonShape, KEYS);

/** Of CHECK: what ADD had left. */
export const checkCommandSchema = z.looseObject({ ...commonShape, prevResult: resultSchema }, KEYS);

/** Of STATUS. */
export const statusSchema = z.looseObject({ ...commonShape, ...selectorShape }, KEYS);

const ATTACHMENTS = 'a list of {"containerID": …, "ifname": …}';
const attachment = z.looseObject(
  {
    containerID: textOf('a container id', isCniName),
    ifname: textOf('a link name', isLinkName),
  },
  KEYS,
);

/**
 * Of GC. Go writes an empty list as null. Without the key the runtime has not said what is valid, as libcni does where it was given no list itself:
 * then nothing is known to be invalid.
 */
export const gcSchema = z.looseObject(
  {
    ...commonShape,
    'cni.dev/valid-attachments': z
      .union([z.array(attachment, ATTACHMENTS), z.null(ATTACHMENTS)], ATTACHMENTS)
      .transform(list => list ?? [])
      .optional(),
  },
  KEYS,
);

/** The first version of the specification that has the command. */
const FIRST_VERSION: Partial<Record<Invocation['command'], CniVersion>> = {
  CHECK: '0.4.0',
  GC: '1.1.0',
  STATUS: '1.1.0',
};

/** Reads JSON in UTF-8. Throws an error of code 6. */
export function readJson(bytes: Uint8Array): unknown {
  try {
    return parseBoundedJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw cniError(CNI_CODES.decodingFailure, {
      what: `${CONFIG} on stdin cannot be read`,
      expected: 'JSON in UTF-8',
      got: bytes.length === 0 ? 'nothing' : error instanceof Error ? error.message : String(error),
      advice: 'see what the container runtime passes',
    });
  }
}

/** The version that a configuration is of. Throws an error of code 1 for one that is not spoken here, or does not have the command. */
export function versionFor(command: Invocation['command'], config: unknown): CniVersion {
  const given = typeof config === 'object' && config !== null && 'cniVersion' in config ? config.cniVersion : undefined;
  const version = supportedVersion(given);
  const least = FIRST_VERSION[command];
  if (version !== undefined && (least === undefined || isAtLeast(version, least))) return version;
  const spoken = least === undefined ? SUPPORTED_VERSIONS : SUPPORTED_VERSIONS.filter(one => isAtLeast(one, least));
  throw cniError(CNI_CODES.incompatibleVersion, {
    what: `${CONFIG}: cniVersion is none that ${command} is spoken in`,
    expected: spoken.join(', '),
    got: given === undefined ? 'nothing' : JSON.stringify(given).slice(0, 100),
    advice: 'set cniVersion of the network configuration to one of them',
  });
}

/** Checks a configuration by the schema of its command. Throws an error of code 7. */
export function checkConfig<T extends z.core.$ZodType>(schema: T, config: unknown): z.output<T> {
  return checkSchema(schema, config, CNI_CODES.invalidConfig, CONFIG);
}
