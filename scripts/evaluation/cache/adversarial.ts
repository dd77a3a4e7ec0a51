/**
 * Pairs that were written to mislead: what looks alike and asks for something else, kind by kind, and rephrasings that
 * ask for the same. Of the first a cache must serve none.
 */
import { z } from "zod";
import { guard } from "../../../worker/cache/guards/guard.ts";
import { readJsonFile } from "../../dataset/json-file.ts";
import { vocabularyOf, type Similarity, type Vocabulary } from "./similarity.ts";

const pairSchema = z.tuple([z.string(), z.string()]);
const fileSchema = z.object({
  different: z.record(z.string(), z.array(pairSchema).min(1)),
  same: z.array(pairSchema).min(1),
});

export type Adversarial = z.output<typeof fileSchema>;

/** What one way of serving makes of the pairs. */
export interface AdversarialRow {
  /** Its similarity; undefined where nothing but the guards was asked. */
  readonly similarity: string | undefined;
  readonly threshold: number;
  readonly guarded: boolean;
  /** Served of each kind that must not be. */
  readonly falseHits: Readonly<Record<string, number>>;
  /** Served of the rephrasings. */
  readonly rephrasings: number;
}

export interface AdversarialReport {
  /** Pairs of each kind. */
  readonly different: Readonly<Record<string, number>>;
  readonly rephrasings: number;
  /** The guards alone, which is the worst case of any similarity behind them, comes first. */
  readonly rows: readonly AdversarialRow[];
}

const THRESHOLDS = [0.8, 0.9] as const;

/** Throws as `readJsonFile` does. */
export function readAdversarial(path: string): Promise<Adversarial> {
  return readJsonFile(path, fileSchema);
}

/** @param roster Similarities for a set with such words. */
export async function adversarialReport(
  { different, same }: Adversarial,
  roster: (words: Vocabulary) => readonly Similarity[],
): Promise<AdversarialReport> {
  const pairs = [...Object.values(different).flat(), ...same];
  const texts = [...new Set(pairs.flat())];
  const places = new Map(texts.map((text, place) => [text, place]));
  const rows: AdversarialRow[] = [];
  function add(row: Omit<AdversarialRow, "falseHits" | "rephrasings">, serves: Serves): void {
    const falseHits = Object.fromEntries(
      Object.entries(different).map(([kind, list]) => [kind, list.filter(serves).length]),
    );
    rows.push({ ...row, falseHits, rephrasings: same.filter(serves).length });
  }
  add({ similarity: undefined, threshold: -1, guarded: true }, isUnrefused);
  for (const { name: similarity, read } of roster(vocabularyOf(texts))) {
    const compare = await read(texts);
    for (const threshold of THRESHOLDS) {
      function isAlike([a, b]: readonly [string, string]): boolean {
        return compare(places.get(a)!, places.get(b)!) >= threshold;
      }
      add({ similarity, threshold, guarded: false }, isAlike);
      add({ similarity, threshold, guarded: true }, (pair) => isAlike(pair) && isUnrefused(pair));
    }
  }
  return {
    different: Object.fromEntries(
      Object.entries(different).map(([kind, list]) => [kind, list.length]),
    ),
    rephrasings: same.length,
    rows,
  };
}

type Serves = (pair: readonly [string, string]) => boolean;

function isUnrefused([a, b]: readonly [string, string]): boolean {
  return guard(a, b) === undefined;
}
