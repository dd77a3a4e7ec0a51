/**
 * In which order an epoch visits the rows.
 *
 * Up to WHOLE_ROWS rows the order is one draw out of all. Beyond that it is drawn in two steps, so that
 * neither the order nor the rows need to be in memory at once: the chunks of CHUNK_ROWS neighbours are
 * shuffled, and rows are shuffled within each window of WINDOW_CHUNKS chunks. A row can then come at any
 * time, but its company in a window is drawn by chunks; files sorted by set still mix.
 *
 * The order depends on the number of rows and on the seed alone, not on where the rows are kept.
 */
import { shuffle, type Random } from "../../worker/lib/prng.ts";

/** Rows up to which training keeps all of them in memory and shuffles them as a whole. */
export const WHOLE_ROWS = 32_768;
/** Rows that are stored, read and shuffled together. */
export const CHUNK_ROWS = 512;
/** Chunks that are open at a time. */
export const WINDOW_CHUNKS = 32;

/** The numbers 0 to rows − 1, each once. */
export function* epochOrder(rows: number, random: Random): Generator<number> {
  if (rows <= WHOLE_ROWS) {
    yield* shuffle(rangeFrom(0, rows), random);
    return;
  }
  const chunks = shuffle(rangeFrom(0, Math.ceil(rows / CHUNK_ROWS)), random);
  for (let at = 0; at < chunks.length; at += WINDOW_CHUNKS) {
    const window = chunks.slice(at, at + WINDOW_CHUNKS).flatMap((chunk) => {
      const from = chunk * CHUNK_ROWS;
      return rangeFrom(from, Math.min(from + CHUNK_ROWS, rows));
    });
    yield* shuffle(window, random);
  }
}

function rangeFrom(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
