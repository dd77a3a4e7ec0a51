/**
 * How well a similarity tells texts that ask the same from others: measures, and the held-out triples.
 *
 * The area under the ROC curve is the chance that a pair of kin is more alike than a pair of strangers; it
 * needs no border. Recall at a precision is what a cache could serve by a border alone, if the pairs came in
 * this proportion.
 */
import type { Triple } from "./phrasebook.ts";

/** Any measure of likeness; larger is more alike. */
export type Likeness = (a: string, b: string) => number;

/** Ties count half. NaN where there are none of one kind. */
export function areaUnderCurve(kin: readonly number[], strangers: readonly number[]): number {
  const all = sortedDown(kin, strangers);
  let [above, wins] = [0, 0];
  for (let from = 0; from < all.length;) {
    let to = from;
    let tied = 0;
    for (; to < all.length && all[to]!.score === all[from]!.score; to++) if (all[to]!.isKin) tied++;
    wins += (to - from - tied) * (above + tied / 2);
    above += tied;
    from = to;
  }
  return wins / (kin.length * strangers.length);
}

/** The largest share of kin above a border over which at least `precision` of all pairs are kin. */
export function recallAt(
  precision: number,
  kin: readonly number[],
  strangers: readonly number[],
): number {
  const all = sortedDown(kin, strangers);
  let [found, best] = [0, 0];
  all.forEach(({ score, isKin }, i) => {
    if (isKin) found++;
    if (all[i + 1]?.score !== score && found / (i + 1) >= precision) best = found;
  });
  return best / kin.length;
}

function sortedDown(
  kin: readonly number[],
  strangers: readonly number[],
): { score: number; isKin: boolean }[] {
  return [
    ...kin.map((score) => ({ score, isKin: true })),
    ...strangers.map((score) => ({ score, isKin: false })),
  ].toSorted((a, b) => b.score - a.score);
}

/** Of held-out triples, each in [0, 1]. */
export interface Judgement {
  /** Area under the curve of kin against the near stranger of each of the two. */
  readonly near: number;
  /** Against the texts of all other triples. */
  readonly far: number;
  /** Share of kin that find their text before all strangers, near and far. */
  readonly first: number;
}

export function judge(likeness: Likeness, triples: readonly Triple[]): Judgement {
  const kin = triples.map((triple) => likeness(triple.kin, triple.text));
  const near = triples.flatMap((triple) => [
    likeness(triple.text, triple.stranger),
    likeness(triple.kin, triple.stranger),
  ]);
  const far: number[] = [];
  let first = 0;
  triples.forEach((triple, i) => {
    const others = triples.filter((_, j) => j !== i);
    far.push(...others.map(({ text }) => likeness(triple.kin, text)));
    const strangers = [
      ...others.flatMap(({ text, stranger }) => [text, stranger]),
      triple.stranger,
    ];
    if (strangers.every((text) => likeness(triple.kin, text) < kin[i]!)) first++;
  });
  return {
    near: areaUnderCurve(kin, near),
    far: areaUnderCurve(kin, far),
    first: first / triples.length,
  };
}
