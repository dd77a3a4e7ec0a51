/**
 * Rows of several sets taken together.
 *
 * Sets share questions, so a pool counts a question once: the first row of each gid stands for it. And a
 * question must not be both learnt and examined, so whoever evaluates checks that no gid is on both
 * sides of the split. Sets draw the split by the same hash, which makes this hold by construction; the
 * check is for files whose split came from elsewhere.
 */

interface Question {
  readonly gid: string;
  readonly dataset: string;
  readonly id: string;
}

/** The first row of each gid, in order. */
export function poolByGid<R extends Question>(rows: readonly R[]): R[] {
  const seen = new Set<string>();
  return rows.filter(({ gid }) => {
    const isNew = !seen.has(gid);
    seen.add(gid);
    return isNew;
  });
}

/** Throws an Error with an example where a question of `valid` is also in `train`. */
export function assertDisjoint(train: readonly Question[], valid: readonly Question[]): void {
  const trained = new Map(train.map((row) => [row.gid, row]));
  const leaked = valid.filter(({ gid }) => trained.has(gid));
  const [first] = leaked;
  if (first === undefined) return;
  const twin = trained.get(first.gid)!;
  throw new Error(
    `${leaked.length} of ${valid.length} valid rows ask a question that a train row asks too ` +
      `(gid ${first.gid}: ${first.dataset} ${first.id} and ${twin.dataset} ${twin.id}). ` +
      "Give both rows the same split, or leave `split` out of the file to have it drawn by the gid.",
  );
}
