/**
 * Every decision of a log, made again and compared: how many are equal to the last bit, where the others differ, and
 * which could not be made again and why. A decision that the log has twice is made again once.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { DecisionRecord, LogRecord } from "../../worker/domain/event.ts";
import { Hearsay, joined } from "../events/join.ts";
import { decideAgain } from "./again.ts";
import { differencesOf, type Difference, type MadeAgain } from "./compare.ts";
import { UnknownWord } from "./logged-words.ts";
import type { Scoring } from "./scoring.ts";

/** A request whose decision came out otherwise. */
export interface Differing {
  readonly id: string;
  readonly tenant: string;
  readonly differences: readonly Difference[];
}

export interface ReplayReport {
  readonly decisions: number;
  /** By label, how many decisions each made. */
  readonly weights: ReadonlyMap<string, number>;
  /** Equal from the prompt's features on. */
  readonly equal: number;
  /** Equal, but only the choice among the logged candidates could be made again. */
  readonly equalFromScores: number;
  readonly differing: number;
  /** The first of them. */
  readonly named: readonly Differing[];
  /** Why decisions could not be made again, and how many. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** What decisions are made again with. */
export interface Workshop {
  readonly catalog: readonly CatalogModel[];
  readonly catalogDigest: string;
  /** The release that a record names; undefined where it is not at hand. */
  scoringOf(record: Pick<DecisionRecord, "release" | "weights">): Promise<Scoring | undefined>;
}

const NAMED = 20;

/** @param onDecision Called after each. Rejects where a graph fails, and as the records do. */
export async function replayAll(
  records: AsyncIterable<LogRecord>,
  workshop: Workshop,
  onDecision: (done: number) => void = () => {},
): Promise<ReplayReport> {
  let [decisions, equal, equalFromScores, differing] = [0, 0, 0, 0];
  const named: Differing[] = [];
  const skipped = new Map<string, number>();
  const weights = new Map<string, number>();
  for await (const { record } of joined(records, new Hearsay())) {
    countOne(weights, record.weights);
    const again = await makeAgain(record, workshop);
    if ("why" in again) countOne(skipped, again.why);
    else {
      const differences = differencesOf(record, again);
      if (differences.length > 0) {
        differing++;
        if (named.length < NAMED) named.push({ id: record.id, tenant: record.tenant, differences });
      } else if (again.read === undefined) equalFromScores++;
      else equal++;
    }
    onDecision(++decisions);
  }
  return { decisions, weights, equal, equalFromScores, differing, named, skipped };
}

function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** A record that cannot be made again, and why. */
interface Skipped {
  readonly why: string;
}

/** The decision of a record, with what it was made of. */
export async function makeAgain(
  record: DecisionRecord,
  workshop: Workshop,
): Promise<MadeAgain | Skipped> {
  const { catalog, catalogDigest } = workshop;
  if (record.catalog !== catalogDigest) return { why: `another catalogue, ${record.catalog}` };
  const scoring = await workshop.scoringOf(record);
  if (scoring === undefined) return { why: `other weights, ${record.weights}` };
  try {
    const read = await scoring.read(record);
    const decision = decideAgain(record, {
      catalog,
      forecast: read?.forecast,
      certificate: scoring.certificate,
      policy: record.policy,
      lifts: record.moment.lifts,
    });
    return { decision, read };
  } catch (error) {
    if (error instanceof UnknownWord) return { why: error.message };
    throw error;
  }
}
