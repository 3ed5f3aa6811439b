import * as z from 'zod';

/** A text that passes a test; `form` says what is expected. */
export function textOf(form: string, isOfForm: (text: string) => boolean) {
  return z.string(form).check(({ value, issues }) => {
    if (!isOfForm(value)) issues.push({ code: 'invalid_format', format: form, input: value, message: form });
  });
}
