import * as z from 'zod';
import { toFailure, type UplinkError } from '../../errors.ts';
import { SETTING_SPECS, type SettingSpec } from '../setting-specs.ts';
import type { Settings } from '../settings.ts';

/** The schema of the configuration file: every setting of the command line, read by the same functions, and no other key. */
export function configSchema(): z.ZodType<Settings> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, spec] of Object.entries(SETTING_SPECS)) {
    shape[name] = fieldOf(spec).optional();
  }
  return z.strictObject(shape) as z.ZodType<Settings>;
}

function fieldOf(spec: SettingSpec): z.ZodType {
  const { parse } = spec;
  if (parse === undefined) return z.boolean();
  const value = z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.issues.push({ code: 'custom', input: text, message: '', params: { failure: toFailure(error) } });
      return z.NEVER;
    }
  });
  return spec.repeatable === true ? z.union([z.array(value), value.transform(one => [one])]) : value;
}

/** The failure that a field's own reader threw; undefined for an issue that zod itself raised. */
export function failureOfIssue(issue: z.core.$ZodIssue): UplinkError['details'] | undefined {
  return issue.code === 'custom' ? (issue.params?.['failure'] as UplinkError['details'] | undefined) : undefined;
}
