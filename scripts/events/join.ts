/**
 * Decisions with all that was learnt of them later, in two passes over the records: what was said and what clients did
 * next is small and kept in memory, decisions go by one at a time. Records may come in any order and more than once;
 * each counts once, by what it is about, and of what one source has said of a request the latest.
 */
import type { DecisionRecord, LogRecord, Signal } from "../../worker/domain/event.ts";
import { rewardOf, type Reward } from "../../worker/domain/reward.ts";
import { SeenIds } from "../dataset/seen-ids.ts";

export interface JoinedDecision {
  readonly record: DecisionRecord;
  readonly reward: Reward;
}

type Subject = Pick<LogRecord, "tenant" | "id">;

/** A request, and what its answer told itself. */
interface Answered extends Subject {
  readonly outcome: Pick<DecisionRecord["outcome"], "signals">;
}

interface Said {
  /** By source. */
  readonly words: Map<string, { readonly score: number; readonly atMs: number }>;
  readonly signals: Set<Signal>;
}

/** What is known of requests beside their decisions. */
export class Hearsay {
  readonly #said = new Map<string, Said>();

  /** Takes no notice of decisions. */
  hear(record: LogRecord): void {
    if (record.kind === "decision") return;
    const key = keyOf(record);
    const said = this.#said.get(key) ?? { words: new Map(), signals: new Set() };
    this.#said.set(key, said);
    if (record.kind === "signal") return void said.signals.add(record.signal);
    const { source, score, atMs } = record;
    const before = said.words.get(source);
    // Of two words of one moment the lower: an order of files must not decide.
    const isLater =
      before === undefined || atMs > before.atMs || (atMs === before.atMs && score < before.score);
    if (isLater) said.words.set(source, { score, atMs });
  }

  /** Whether anybody or anything has spoken of the request since it ended. */
  knows(request: Subject): boolean {
    return this.#said.has(keyOf(request));
  }

  rewardOf(request: Answered): Reward {
    const said = this.#said.get(keyOf(request));
    const words = new Map([...(said?.words ?? [])].map(([source, { score }]) => [source, score]));
    return rewardOf(new Set([...request.outcome.signals, ...(said?.signals ?? [])]), words);
  }
}

/** Each decision once, the first of its kind; what is none is handed to `onOther`. */
export async function* decisionsOnce(
  records: AsyncIterable<LogRecord>,
  onOther: (record: LogRecord) => void = () => {},
): AsyncGenerator<DecisionRecord> {
  const seen = new SeenIds();
  let number = 0;
  for await (const record of records)
    if (record.kind !== "decision") onOther(record);
    // Two requests share 64 bits of hash about never; then one of them is left out.
    else if (seen.rowOrRemember(keyOf(record), ++number) === undefined) yield record;
}

/** Each decision once, with what it was worth. */
export async function* joined(
  records: AsyncIterable<LogRecord>,
  hearsay: Hearsay,
): AsyncGenerator<JoinedDecision> {
  for await (const record of decisionsOnce(records))
    yield { record, reward: hearsay.rewardOf(record) };
}

function keyOf({ tenant, id }: Subject): string {
  return `${tenant}\n${id}`;
}
