/** The first argument of a probe process, as JSON: what it is. */
export type ProbeRole =
  | { readonly kind: 'server' }
  | {
      readonly kind: 'udp-client';
      readonly port: number;
      readonly rateHz: number;
      readonly targets: readonly ProbeTarget[];
    }
  | { readonly kind: 'tcp-client'; readonly port: number; readonly bytesPerS: number; readonly target: ProbeTarget };

/** Where a client sends to. */
export interface ProbeTarget {
  /** IPv4 or IPv6 address. */
  readonly address: string;
  /** Source address to bind to; null leaves the choice to the kernel for every datagram. */
  readonly source: string | null;
}

/** What a probe process says to its parent. */
export type ProbeReport =
  | { readonly event: 'listening'; readonly udpPort: number; readonly tcpPort: number }
  | { readonly event: 'flowing' }
  | { readonly event: 'progressed'; readonly id: number }
  | { readonly event: 'udp-result'; readonly results: Readonly<Record<string, UdpProbeResult>> }
  | { readonly event: 'tcp-result'; readonly result: TcpProbeResult };

/** What the parent says to a client: end within `graceMs`, or say when `amount` more answers (or bytes) are back. */
export type ProbeCommand =
  | { readonly command: 'stop'; readonly graceMs: number }
  | { readonly command: 'progress'; readonly id: number; readonly amount: number };

/** What happened to the numbered datagrams that were sent to one address. */
export interface UdpProbeResult {
  readonly sent: number;
  /** Sent and never answered, {@link sendErrors} included. */
  readonly lost: number;
  /** Answers beyond the first. */
  readonly duplicates: number;
  /** The longest time from a lost datagram to the next one that was answered; 0 when none was lost. */
  readonly longestGapMs: number;
  /** Runs of lost datagrams, oldest first; at most 100 are listed. */
  readonly lostSpans: readonly LostSpan[];
  /** Round trips; null when nothing was answered. */
  readonly rttP50Ms: number | null;
  readonly rttMaxMs: number | null;
  /** Datagrams that the kernel refused to send. */
  readonly sendErrors: number;
  /** First reason for each: `ENETUNREACH`. */
  readonly sendErrorCodes: readonly string[];
  /** Longest time between two sends: an outage shorter than this may have gone unseen. */
  readonly longestSendStallMs: number;
  /** True when the probe ran longer than its memory lasts (30 min at 2 kHz) and stopped counting. */
  readonly truncated: boolean;
}

/** A run of lost datagrams; times are since the probe flowed. */
export interface LostSpan {
  readonly firstNumber: number;
  readonly lastNumber: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What happened to one TCP connection that carried numbered data there and back. */
export interface TcpProbeResult {
  /** Bytes that came back in the right order. */
  readonly bytes: number;
  /** Bytes that were given to the connection and had not come back at the end. */
  readonly missingBytes: number;
  /** The longest time without a byte coming back. */
  readonly longestStallMs: number;
  /** Error that ended the connection (`ECONNRESET`, `ETIMEDOUT`, `closed`); null when it lived. */
  readonly reset: string | null;
  /** True when something else than what was sent came back. */
  readonly corrupted: boolean;
}
