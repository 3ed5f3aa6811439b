import type { Finding } from '../finding.ts';
import type { Link } from '../link.ts';
import type { LinkLists } from '../link-patterns.ts';
import { formatLinkPattern, matchesLink } from '../link-patterns.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about which links may be moved at all; nobody accepts them away, least of all by a slip on the command line. */
export const LINK_LIST_RULES: readonly ((asked: AskedLink) => readonly Finding[])[] = [checkProtected, checkAllowed];

/** A link that somebody wants to have moved, and the lists that it must pass. */
interface AskedLink {
  readonly request: { readonly links?: readonly LinkLists[] };
  readonly uplink: Link;
}

function checkProtected({ request, uplink }: AskedLink): readonly Finding[] {
  return (request.links ?? []).flatMap(({ from, protect }) => {
    const pattern = protect.find(one => matchesLink(one, uplink));
    if (pattern === undefined) return [];
    return [
      finding('link-protected', {
        message: `${uplink.name} is protected: ${from} says links.protect ${formatLinkPattern(pattern)}`,
        culprit: from,
        advice: `name another uplink, or take ${formatLinkPattern(pattern)} out of links.protect there`,
      }),
    ];
  });
}

function checkAllowed({ request, uplink }: AskedLink): readonly Finding[] {
  const refusing = (request.links ?? []).filter(
    (lists): lists is LinkLists & { readonly allow: NonNullable<LinkLists['allow']> } =>
      lists.allow !== null && !lists.allow.some(one => matchesLink(one, uplink)),
  );
  return refusing.map(({ from, allow }) =>
    finding('link-not-allowed', {
      message: `${uplink.name} is not among the links that ${from} allows (links.allow ${allow.length === 0 ? 'is empty' : listed(allow.map(formatLinkPattern))})`,
      culprit: from,
      advice: `name another uplink, or add ${uplink.name} to links.allow there`,
    }),
  );
}
