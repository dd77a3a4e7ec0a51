/**
 * What a storm of events finds out from outside: lines of the worker's log as they come, and the files in its bucket
 * when all is over.
 */
import { join } from "node:path";
import { z } from "zod";
import type { LogRecord } from "../../worker/domain/event.ts";
import { jsonIn } from "../../worker/lib/json.ts";
import { localSource } from "../events/local-source.ts";
import { pullEvents } from "../events/mirror.ts";
import { recordsOf } from "../events/records.ts";
import type { FiledRecord, KeptLine } from "./event-books.ts";

/** As wrangler.toml names it. */
const BUCKET = "sluice-events";

const lineSchema = z.discriminatedUnion("event", [
  z.object({ event: z.literal("event_kept"), request_id: z.string(), kind: z.string() }),
  z.object({ event: z.literal("events_dropped"), count: z.number(), why: z.string() }),
  z.object({ event: z.literal("event_lost"), reason: z.string() }),
]);

/** Reads a worker's output, in whatever pieces it comes. */
export class SpokenLines {
  readonly kept: KeptLine[] = [];
  dropped = 0;
  /** Why, each reason once. */
  readonly reasons = new Set<string>();
  #rest = "";

  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
  }

  /** The worker was killed: what it was just saying has no end. */
  breakOff(): void {
    this.#rest = "";
  }

  #take(line: string): void {
    const said = lineSchema.safeParse(jsonIn(line)).data;
    if (said === undefined) return;
    if (said.event === "event_kept") {
      this.kept.push({ requestId: said.request_id, kind: said.kind });
      return;
    }
    this.dropped += said.event === "events_dropped" ? said.count : 1;
    this.reasons.add(said.event === "events_dropped" ? said.why : said.reason);
  }
}

/** All records of the bucket that a worker has kept in `persist`. @param mirror A folder for copies of its files. */
export async function filedIn(
  persist: string,
  mirror: string,
): Promise<{ records: FiledRecord[]; files: number }> {
  const source = await localSource(persist, BUCKET);
  try {
    const { paths } = await pullEvents(source, join(mirror, "files"), { sinceMs: 0 });
    const records: FiledRecord[] = [];
    for await (const record of recordsOf(paths)) records.push(filed(record));
    return { records, files: paths.length };
  } finally {
    await source.close();
  }
}

function filed(record: LogRecord): FiledRecord {
  const { id, kind } = record;
  if (kind === "signal") return { id, kind, identity: `${id} ${kind} ${record.signal}` };
  if (kind === "feedback") {
    const { source, score, atMs } = record;
    return { id, kind, identity: `${id} ${kind} ${source} ${score} ${atMs}` };
  }
  const { costMicroUsd, isEstimated } = record.outcome;
  return { id, kind, identity: `${id} ${kind}`, costMicroUsd, isEstimated };
}
