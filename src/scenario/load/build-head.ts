import type { YamlSource } from '../../host/simulated/description/yaml-source.ts';
import type { Pattern, ScenarioHead } from '../scenario.ts';

type HeadDocument = Omit<ScenarioHead, 'place'>;

/** What every kind begins with. */
export function buildHead(document: HeadDocument, source: YamlSource): ScenarioHead {
  const { name, title, failures, upstream, guards, expected } = document;
  return { name, title, failures, upstream, guards, expected, place: source.placeOf([]) };
}

/** Patterns of `never` and `eventually`, without what was not said. */
export function buildPatterns(
  patterns: readonly { readonly [K in keyof Omit<Pattern, 'place'>]: Pattern[K] | undefined }[],
  key: 'never' | 'eventually',
  source: YamlSource,
): readonly Pattern[] {
  return patterns.map((pattern, at) => {
    const said = Object.fromEntries(Object.entries(pattern).filter(([, value]) => value !== undefined));
    return { ...said, place: source.placeOf([key, at]) };
  });
}
