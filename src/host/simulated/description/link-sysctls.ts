import type { LinkSysctls } from '../../../domain/snapshot.ts';

/** Sysctls with other values for some keys, which are written without the link: `ipv4/conf/rp_filter`. */
export function withKeys(base: LinkSysctls, values: Readonly<Record<string, string>>): LinkSysctls {
  const changed = Object.entries(values).map(([key, value]) => {
    const [family, group, name] = key.split('/');
    return [`${family}/${group}/{link}/${name}`, value] as const;
  });
  return changed.length === 0 ? base : { ...base, ...Object.fromEntries(changed) };
}
