/** The doc comment over a chart, as paragraphs: what the chart promises. Throws when the file has none. */
export function readPromise(source: string, exportName: string): string {
  const declaration = source.indexOf(`export const ${exportName} = setup(`);
  const end = source.lastIndexOf('*/', declaration);
  const begin = source.lastIndexOf('/**', end);
  const between = source.slice(end + 2, declaration);
  if (declaration === -1 || begin === -1 || between.trim() !== '') {
    throw new Error(`no doc comment over ${exportName}: it must say what the chart promises`);
  }
  const lines = source
    .slice(begin + 3, end)
    .split('\n')
    .map(line => line.replace(/^\s*\*?/, '').trim());
  return lines
    .join('\n')
    .trim()
    .split(/\n{2,}/)
    .map(paragraph => paragraph.replaceAll('\n', ' '))
    .join('\n\n');
}

/** `uplinkMigration` of `uplink-migration`: every chart's file exports it under that name. */
export function exportNameOf(chart: string): string {
  return chart.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
