/** Versions of CNI's specification that the plugin speaks, oldest first. */
export const SUPPORTED_VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** A version that the plugin speaks. */
export type CniVersion = (typeof SUPPORTED_VERSIONS)[number];

/** The newest of them: what is spoken with who has not said. */
export const NEWEST_VERSION: CniVersion = '1.1.0';

/** The version of a text, undefined for any that the plugin does not speak. */
export function supportedVersion(text: unknown): CniVersion | undefined {
  return SUPPORTED_VERSIONS.find(version => version === text);
}

/** True for `least` and what came after. */
export function isAtLeast(version: CniVersion, least: CniVersion): boolean {
  return SUPPORTED_VERSIONS.indexOf(version) >= SUPPORTED_VERSIONS.indexOf(least);
}
