import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { LostSpan, ProbeTarget, UdpProbeResult } from './probe-messages.ts';

const HEADER_BYTES = 8;
const MAX_SAMPLES = 3_600_000;
const MAX_LISTED_SPANS = 100;
const BUFFER_BYTES = 4 << 20;
const WARM_UP = 0;
const COUNTING = 1;

/** Numbered datagrams to one address; the probe process's loop calls {@link UdpFlow.send} when one is due. */
export interface UdpFlow {
  /** Sends the next datagram. */
  send(): void;
  /** True once a datagram has been answered. */
  isAnswered(): boolean;
  /** Forgets what was sent to find out whether the echo flows, and counts from here. */
  startCounting(): void;
  /** Number of counted datagrams that have been answered. */
  answered(): number;
  /** True when every counted datagram has been answered. */
  isComplete(): boolean;
  result(): UdpProbeResult;
  close(): void;
}

/** Opens the socket of a flow; resolves when it is bound. */
export async function openUdpFlow(target: ProbeTarget, port: number): Promise<UdpFlow> {
  const socket = await openSocket(isIPv6(target.address) ? 'udp6' : 'udp4', target.source);
  let phase = WARM_UP;
  let answered = false;
  let sent = 0;
  let firstAnswers = 0;
  let duplicates = 0;
  let sendErrors = 0;
  let truncated = false;
  const sendErrorCodes = new Set<string>();
  let sentAtMs = new Float64Array(1 << 16);
  let answeredAtMs = new Float64Array(1 << 16);

  socket.on('message', message => {
    const now = performance.now();
    answered = true;
    if (message.length !== HEADER_BYTES || message.readUInt32BE(0) !== COUNTING) return;
    const number = message.readUInt32BE(4);
    if (number >= sent) return;
    if (answeredAtMs[number] === 0) {
      answeredAtMs[number] = now;
      firstAnswers += 1;
    } else {
      duplicates += 1;
    }
  });

  const send = () => {
    const datagram = Buffer.allocUnsafe(HEADER_BYTES);
    datagram.writeUInt32BE(phase, 0);
    datagram.writeUInt32BE(sent, 4);
    if (phase === COUNTING) {
      if (sent === MAX_SAMPLES) {
        truncated = true;
        return;
      }
      if (sent === sentAtMs.length) {
        sentAtMs = doubled(sentAtMs);
        answeredAtMs = doubled(answeredAtMs);
      }
      sentAtMs[sent] = performance.now();
      sent += 1;
    }
    const counted = phase === COUNTING;
    socket.send(datagram, port, target.address, error => {
      if (error === null || !counted) return;
      sendErrors += 1;
      sendErrorCodes.add((error as NodeJS.ErrnoException).code ?? error.message);
    });
  };

  const result = (): UdpProbeResult => {
    const endMs = performance.now();
    const samples = { sentAtMs: sentAtMs.subarray(0, sent), answeredAtMs: answeredAtMs.subarray(0, sent) };
    const { spans, longestGapMs } = lostSpans(samples, endMs);
    const roundTrips = roundTripsMs(samples);
    return {
      sent,
      lost: sent - firstAnswers,
      duplicates,
      longestGapMs: round(longestGapMs),
      lostSpans: spans,
      rttP50Ms: roundTrips.length === 0 ? null : round(roundTrips[roundTrips.length >> 1]!),
      rttMaxMs: roundTrips.length === 0 ? null : round(roundTrips[roundTrips.length - 1]!),
      sendErrors,
      sendErrorCodes: [...sendErrorCodes],
      longestSendStallMs: round(longestStep(samples.sentAtMs)),
      truncated,
    };
  };

  return {
    send,
    result,
    isAnswered: () => answered,
    answered: () => firstAnswers,
    isComplete: () => firstAnswers === sent,
    startCounting: () => {
      phase = COUNTING;
    },
    close: () => socket.close(),
  };
}

/** Opens a bound UDP socket with room for bursts. */
export async function openSocket(type: 'udp4' | 'udp6', address: string | null, port = 0): Promise<Socket> {
  const socket = createSocket({
    type,
    ipv6Only: type === 'udp6',
    recvBufferSize: BUFFER_BYTES,
    sendBufferSize: BUFFER_BYTES,
    // Addresses are literals. Node's own lookup would answer a tick later, after the moment that was asked for.
    lookup: (host, _options, callback) => callback(null, host, type === 'udp6' ? 6 : 4),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(address === null ? { port } : { port, address }, resolve);
  });
  // Errors of single datagrams come to the callback of send(); an answer that cannot be sent is a lost datagram.
  socket.on('error', () => {});
  return socket;
}

interface Samples {
  readonly sentAtMs: Float64Array;
  /** 0: not answered. */
  readonly answeredAtMs: Float64Array;
}

function lostSpans(samples: Samples, endMs: number): { spans: LostSpan[]; longestGapMs: number } {
  const { sentAtMs, answeredAtMs } = samples;
  const startMs = sentAtMs[0] ?? 0;
  const spans: LostSpan[] = [];
  let longestGapMs = 0;
  for (let number = 0; number < sentAtMs.length; number += 1) {
    if (answeredAtMs[number] !== 0) continue;
    const firstNumber = number;
    while (number + 1 < sentAtMs.length && answeredAtMs[number + 1] === 0) number += 1;
    const [fromMs, toMs] = [sentAtMs[firstNumber]!, sentAtMs[number + 1] ?? endMs];
    longestGapMs = Math.max(longestGapMs, toMs - fromMs);
    if (spans.length < MAX_LISTED_SPANS) {
      spans.push({ firstNumber, lastNumber: number, fromMs: round(fromMs - startMs), toMs: round(toMs - startMs) });
    }
  }
  return { spans, longestGapMs };
}

function roundTripsMs({ sentAtMs, answeredAtMs }: Samples): Float64Array {
  return answeredAtMs
    .map((answered, number) => (answered === 0 ? -1 : answered - sentAtMs[number]!))
    .filter(roundTrip => roundTrip >= 0)
    .sort();
}

function longestStep(moments: Float64Array): number {
  let longest = 0;
  for (let index = 1; index < moments.length; index += 1) {
    longest = Math.max(longest, moments[index]! - moments[index - 1]!);
  }
  return longest;
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
