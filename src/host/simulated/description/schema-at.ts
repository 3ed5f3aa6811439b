import type * as z from 'zod';

/** What the definitions of zod's schemas have, as far as it leads to a value inside. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly in?: z.core.$ZodType;
}

/** The schemas of the value at a path; several where it may be of several forms. */
export function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly z.core.$ZodType[] {
  const [key, ...rest] = path;
  return unwrap(schema).flatMap(one => {
    if (key === undefined) return [one];
    const { shape, element, valueType } = definitionOf(one);
    const inner = shape?.[String(key)] ?? element ?? valueType;
    return inner === undefined ? [] : schemasAt(inner, rest);
  });
}

/** Keys that a mapping of this schema may have. */
export function keysOf(schema: z.core.$ZodType): readonly string[] {
  return Object.keys(definitionOf(schema).shape ?? {});
}

function unwrap(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const { innerType, options, in: input } = definitionOf(schema);
  if (options !== undefined) return options.flatMap(unwrap);
  const inner = innerType ?? input;
  return inner === undefined ? [schema] : unwrap(inner);
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition;
}
