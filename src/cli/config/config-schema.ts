import * as z from 'zod';
import { toFailure, type UplinkError } from '../../errors.ts';
import { parseLinkPattern } from '../parse/link-pattern.ts';
import { SETTING_SPECS, type SettingSpec } from '../setting-specs.ts';
import type { Settings } from '../settings.ts';

/** Settings that stand under `links` in the file. */
const LINK_LISTS = { protectLink: 'protect', allowLink: 'allow' } as const;

/** Keys of the file, and those under `links`. */
export const CONFIG_KEYS: readonly string[] = [
  ...Object.keys(SETTING_SPECS).filter(name => !Object.hasOwn(LINK_LISTS, name)),
  'links',
];
export const LINK_KEYS: readonly string[] = Object.values(LINK_LISTS);

/** The schema of the configuration file at a path: every setting of the command line, read by the same functions, and no other key. */
export function configSchema(path: string): z.ZodType<Settings> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, spec] of Object.entries(SETTING_SPECS)) {
    if (CONFIG_KEYS.includes(name)) shape[name] = fieldOf(spec).optional();
  }
  const list = listOf(parseLinkPattern);
  const links = z
    .strictObject({ protect: list.optional(), allow: list.optional() })
    .transform(({ protect = [], allow = null }) => ({ from: path, protect, allow }));
  return z.strictObject({ ...shape, links: links.optional() }) as unknown as z.ZodType<Settings>;
}

function fieldOf({ parse, repeatable }: SettingSpec): z.ZodType {
  if (parse === undefined) return z.boolean();
  return repeatable === true ? listOf(parse) : textOf(parse);
}

function textOf<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.issues.push({ code: 'custom', input: text, message: '', params: { failure: toFailure(error) } });
      return z.NEVER;
    }
  });
}

/** A list, or one value alone. */
function listOf<T>(parse: (text: string) => T) {
  const value = textOf(parse);
  return z.union([z.array(value), value.transform(one => [one])]);
}

/** The failure that a field's own reader threw; undefined for an issue that zod itself raised. */
export function failureOfIssue(issue: z.core.$ZodIssue): UplinkError['details'] | undefined {
  return issue.code === 'custom' ? (issue.params?.['failure'] as UplinkError['details'] | undefined) : undefined;
}
