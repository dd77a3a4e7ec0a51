/**
 * Answers that no honest vendor gives: bytes that are no text, an event without end, a stream without end, a small
 * body that unpacks to a large one. A stream begins honestly, so that what follows finds a client that reads. Pure.
 */
import { gzipSync } from "node:zlib";
import type { HostileKind } from "./faults.ts";

export interface HostileAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** May have no end; then each piece is to wait a moment, so that the machine is left to others too. */
  readonly pieces: Iterable<string | Uint8Array>;
}

const MIB = 1 << 20;
/** Where the trouble begins: within the text of a first choice. */
const START = '{"choices":[{"index":0,"x":"';

/** @param opening A stream's honest beginning as it is sent; undefined for a whole answer. */
export function hostileAnswer(kind: HostileKind, opening: string | undefined): HostileAnswer {
  const type = opening === undefined ? "application/json" : "text/event-stream";
  const headers = { "content-type": type };
  const start = opening === undefined ? START : `${opening}data: ${START}`;
  if (kind === "gzip-bomb")
    return { headers: { ...headers, "content-encoding": "gzip" }, pieces: [bomb()] };
  if (kind === "header-flood") {
    const many = Array.from({ length: 4_000 }, (_, i) => [`x-flood-${i}`, "x".repeat(100)]);
    return { headers: { ...headers, ...Object.fromEntries(many) }, pieces: [start] };
  }
  if (kind === "endless") return { headers, pieces: forever(opening) };
  return { headers, pieces: [start, ...REST[kind]] };
}

const DEPTH = 500_000;

const REST = {
  "huge-chunk": ["x".repeat(9 * MIB)],
  "invalid-utf8": [new Uint8Array([0xff, 0xfe, 0xc0]), '"}]}\n\n'],
  "many-choices": [`"},${"{},".repeat(300_000)}{}]}\n\n`],
  deep: [`","y":${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}}]}\n\n`],
} as const;

let packed: Uint8Array | undefined;

/** Packed once: it takes longer to make than to send. */
function bomb(): Uint8Array {
  packed ??= gzipSync(new Uint8Array(32 * MIB).fill(32));
  return packed;
}

/** Of a stream the same event again and again; of a whole answer a text that goes on and on. */
function* forever(event: string | undefined): Generator<string> {
  if (event === undefined) yield START;
  for (;;) yield event ?? "x".repeat(MIB / 4);
}
