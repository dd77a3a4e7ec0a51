/**
 * Lines of a text file, plain or gzipped, as a stream: what every reader of JSON lines starts from.
 * Blank lines are left out; each line comes with its place, which every complaint about it names.
 */
import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { z } from "zod";

export interface Line {
  readonly text: string;
  /** `path:line`, counted from 1. */
  readonly place: string;
}

/** Throws an Error that names the file where it cannot be read or unpacked. */
export async function* linesOf(path: string): AsyncGenerator<Line> {
  let rest = "";
  let number = 0;
  try {
    for await (const chunk of textOf(path)) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop()!;
      for (const text of lines) {
        number++;
        if (text.trim() !== "") yield { text, place: `${path}:${number}` };
      }
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path}: cannot be read: ${why}`, { cause });
  }
  if (rest.trim() !== "") yield { text: rest, place: `${path}:${number + 1}` };
}

/** The JSON of a line. Throws an Error that names its place. */
export function jsonOf({ text, place }: Line): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${place}: not JSON: ${text.slice(0, 60)}`);
  }
}

/** The row that a line holds. Throws an Error that names its place and the field at fault. */
export function rowOf<Schema extends z.ZodType>(line: Line, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(line));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new Error(`${line.place}: ${path.map(String).join(".") || "row"}: ${message}`);
}

function textOf(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith(".gz")) return file.setEncoding("utf8");
  // The callback is demanded; the error itself reaches whoever reads the last stream.
  return pipeline(file, createGunzip(), () => undefined).setEncoding("utf8");
}
