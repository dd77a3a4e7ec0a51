/**
 * Rows of a Parquet file as a stream, in the form that a line of JSON would have had: maps and structs
 * become objects, 64-bit integers numbers, and what is null is left out. A column that should hold an
 * object may hold its JSON text instead.
 *
 * One row group is in memory at a time, and only the wanted columns of it: a writer bounds a reader's
 * memory by the size of its row groups. Every codec is read but LZ4 and LZO.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type Compressors,
} from "hyparquet";

export interface ParquetRow {
  readonly value: Readonly<Record<string, unknown>>;
  /** `path: row N`, counted from 1. */
  readonly place: string;
}

const COMPRESSORS: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
  ZSTD: (input) => zstdDecompressSync(input),
};

/** Rows in file order, with those of `columns` that the file has. Throws an Error that names the file where it cannot be read. */
export async function* parquetRows(
  path: string,
  columns: readonly string[],
): AsyncGenerator<ParquetRow> {
  const { file, metadata } = await readable(path, openFile(path));
  const known = new Set(parquetSchema(metadata).children.map(({ element }) => element.name));
  const wanted = columns.filter((column) => known.has(column));
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const options = { file, metadata, columns: wanted, rowStart, rowEnd, compressors: COMPRESSORS };
    for (const row of await readable(path, parquetReadObjects(options))) {
      rowStart++;
      yield { value: plainRow(row), place: `${path}: row ${rowStart}` };
    }
  }
}

async function openFile(path: string) {
  const file = await asyncBufferFromFile(path);
  return { file, metadata: await parquetMetadataAsync(file) };
}

async function readable<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path}: cannot be read: ${why}`, { cause });
  }
}

function plainRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, plain(value)]),
  );
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null ? plainRow({ ...value }) : value;
}
