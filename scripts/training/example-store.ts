/**
 * Examples on disk, for more rows than fit the memory.
 *
 * Rows are written once, in chunks of CHUNK_ROWS: each chunk is a record of typed arrays, one for each
 * field over all its rows, serialised as it is. Reading any row opens its chunk, and the last
 * WINDOW_CHUNKS opened stay open; whoever asks in the order of order.ts therefore reads every chunk
 * once an epoch. Memory does not grow with the rows, but for eight bytes a chunk.
 *
 * The file is a cache of one machine, not a format to hand on. Only a finished store has its index
 * beside it, so half a store is never taken for a whole one.
 */
import {
  closeSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { deserialize, serialize } from "node:v8";
import { z } from "zod";
import type { Example, Examples, Guess } from "./examples.ts";
import { CHUNK_ROWS, WINDOW_CHUNKS } from "./order.ts";

/** `ends[r]` is where row r's part of a list ends; it begins where that of row r − 1 does. */
interface Chunk {
  readonly datasets: readonly string[];
  readonly gids: readonly string[];
  readonly inputTokens: Uint32Array;
  readonly tasks: Int8Array;
  /** All rows' statistics one after the other. */
  readonly statistics: Float32Array;
  readonly idEnds: Uint32Array;
  readonly ids: Uint16Array;
  readonly weights: Float32Array;
  readonly scores: Pairs;
  readonly logTokens: Pairs;
  /** NaN where a row says nothing of it. */
  readonly rowWeights: Float64Array;
  readonly guesses: Pairs;
  /** One for each of the guesses. */
  readonly guessWeights: Float64Array;
}

interface Pairs {
  readonly ends: Uint32Array;
  readonly models: Uint16Array;
  readonly values: Float64Array;
}

const indexSchema = z.object({ rows: z.int(), offsets: z.array(z.int()) });

/** Rows of the table and models that a 16-bit number can name. */
const LARGEST_NUMBER = 1 << 16;

/** Writes a store; nothing can be read before `finish`. */
export class ExampleWriter {
  readonly #path: string;
  readonly #file: number;
  /** Where each chunk begins, and where the last one ends. */
  readonly #offsets: number[] = [0];
  #waiting: Example[] = [];
  #rows = 0;

  /** Replaces what is at `path`. Throws for a table or models too many to be numbered in 16 bits. */
  constructor(path: string, { tableRows, models }: { tableRows: number; models: number }) {
    if (tableRows > LARGEST_NUMBER || models > LARGEST_NUMBER)
      throw new Error(`Cannot store examples of ${tableRows} table rows and ${models} models`);
    rmSync(indexPath(path), { force: true });
    this.#path = path;
    this.#file = openSync(path, "w");
  }

  add(example: Example): void {
    this.#rows++;
    if (this.#waiting.push(example) === CHUNK_ROWS) this.#flush();
  }

  /** Closes the file. Without it the store does not exist. */
  finish(): void {
    if (this.#waiting.length > 0) this.#flush();
    closeSync(this.#file);
    const index = JSON.stringify({ rows: this.#rows, offsets: this.#offsets });
    writeFileSync(`${indexPath(this.#path)}.part`, index);
    renameSync(`${indexPath(this.#path)}.part`, indexPath(this.#path));
  }

  #flush(): void {
    const bytes = serialize(chunkOf(this.#waiting));
    writeSync(this.#file, bytes);
    this.#offsets.push(this.#offsets.at(-1)! + bytes.length);
    this.#waiting = [];
  }
}

/** A finished store, opened. Reading is synchronous. */
export class ExampleStore implements Examples {
  readonly length: number;
  readonly #file: number;
  readonly #offsets: readonly number[];
  /** The chunks that are open, the one used last at the end. */
  readonly #open = new Map<number, Chunk>();

  private constructor(file: number, { rows, offsets }: { rows: number; offsets: number[] }) {
    this.#file = file;
    this.length = rows;
    this.#offsets = offsets;
  }

  /** Undefined where there is no finished store. */
  static open(path: string): ExampleStore | undefined {
    if (statSync(indexPath(path), { throwIfNoEntry: false }) === undefined) return undefined;
    const index = indexSchema.parse(JSON.parse(readFileSync(indexPath(path), "utf8")));
    return new ExampleStore(openSync(path, "r"), index);
  }

  at(index: number): Example | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return exampleAt(this.#chunk(Math.floor(index / CHUNK_ROWS)), index % CHUNK_ROWS);
  }

  *[Symbol.iterator](): Generator<Example> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!;
  }

  close(): void {
    closeSync(this.#file);
  }

  #chunk(number: number): Chunk {
    const chunk = this.#open.get(number) ?? this.#read(number);
    this.#open.delete(number);
    this.#open.set(number, chunk);
    if (this.#open.size > WINDOW_CHUNKS) this.#open.delete(this.#open.keys().next().value!);
    return chunk;
  }

  #read(number: number): Chunk {
    const [from, to] = [this.#offsets[number]!, this.#offsets[number + 1]!];
    const bytes = Buffer.allocUnsafeSlow(to - from);
    readSync(this.#file, bytes, 0, bytes.length, from);
    const chunk: Chunk = deserialize(bytes);
    return chunk;
  }
}

function indexPath(path: string): string {
  return `${path}.json`;
}

function chunkOf(examples: readonly Example[]): Chunk {
  const features = examples.map((example) => example.features);
  const guesses = examples.map((example) => example.guesses ?? []);
  return {
    datasets: examples.map(({ dataset }) => dataset),
    gids: examples.map(({ gid }) => gid),
    inputTokens: Uint32Array.from(examples, ({ inputTokens }) => inputTokens),
    tasks: Int8Array.from(examples, ({ task }) => task),
    statistics: Float32Array.from(features.flatMap(({ statistics }) => [...statistics])),
    idEnds: endsOf(features.map(({ ids }) => ids.length)),
    ids: Uint16Array.from(features.flatMap(({ ids }) => [...ids])),
    weights: Float32Array.from(features.flatMap(({ weights }) => [...weights])),
    scores: pairsOf(examples.map(({ scores }) => scores)),
    logTokens: pairsOf(examples.map(({ logTokens }) => logTokens)),
    rowWeights: Float64Array.from(examples, ({ weight }) => weight ?? NaN),
    guesses: pairsOf(guesses.map((list) => list.map(([model, score]) => [model, score]))),
    guessWeights: Float64Array.from(guesses.flatMap((list) => list.map(([, , weight]) => weight))),
  };
}

function pairsOf(lists: readonly Example["scores"][]): Pairs {
  const all = lists.flat();
  return {
    ends: endsOf(lists.map(({ length }) => length)),
    models: Uint16Array.from(all, ([model]) => model),
    values: Float64Array.from(all, ([, value]) => value),
  };
}

function endsOf(lengths: readonly number[]): Uint32Array {
  let end = 0;
  return Uint32Array.from(lengths, (length) => (end += length));
}

function exampleAt(chunk: Chunk, row: number): Example {
  const { statistics, idEnds, ids, weights } = chunk;
  const [from, to] = [row === 0 ? 0 : idEnds[row - 1]!, idEnds[row]!];
  const width = statistics.length / chunk.gids.length;
  const weight = chunk.rowWeights[row]!;
  const guesses = guessesAt(chunk, row);
  return {
    dataset: chunk.datasets[row]!,
    gid: chunk.gids[row]!,
    features: {
      ids: Int32Array.from(ids.subarray(from, to)),
      weights: weights.slice(from, to),
      statistics: statistics.slice(row * width, (row + 1) * width),
    },
    inputTokens: chunk.inputTokens[row]!,
    scores: pairsAt(chunk.scores, row),
    logTokens: pairsAt(chunk.logTokens, row),
    task: chunk.tasks[row]!,
    ...(!Number.isNaN(weight) && { weight }),
    ...(guesses.length > 0 && { guesses }),
  };
}

function guessesAt({ guesses, guessWeights }: Chunk, row: number): Guess[] {
  const from = row === 0 ? 0 : guesses.ends[row - 1]!;
  return pairsAt(guesses, row).map(([model, score], i) => [model, score, guessWeights[from + i]!]);
}

function pairsAt({ ends, models, values }: Pairs, row: number): [number, number][] {
  const from = row === 0 ? 0 : ends[row - 1]!;
  return Array.from({ length: ends[row]! - from }, (_, i) => [
    models[from + i]!,
    values[from + i]!,
  ]);
}
