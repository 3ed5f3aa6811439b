/** Forms that a chart can be exported in, each with the end of its file's name. */
export const EXPORT_FORMATS = {
  /** State diagram for Markdown. */
  mermaid: 'mmd',
  /** Picture, with the layout of the viewer. */
  svg: 'svg',
  /** XState's configuration; implementations are names. */
  json: 'json',
  /** TypeScript for Stately Studio, which runs by itself. */
  xstate: 'ts',
} as const;

export type ExportFormat = keyof typeof EXPORT_FORMATS;
