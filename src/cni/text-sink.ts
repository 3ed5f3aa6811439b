/** Where text goes: a stream of the process, or what a test reads. */
export interface TextSink {
  write(text: string): unknown;
}
