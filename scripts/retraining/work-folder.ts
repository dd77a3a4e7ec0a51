/**
 * What a run has done so far, so that one that was killed goes on: each stage leaves a file behind, written whole when
 * the stage is over, and is not done again while that file is there.
 *
 *     events/      the copy of the files of events
 *     run/         the run under way: run.json says of what, <stage>.json what a stage has found
 *     last/        the run before, with its release
 *     state.json   which files it knew, and how it ended
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const runSchema = z.strictObject({
  /** What decides what a run computes. */
  identity: z.string(),
  /** ISO 8601, UTC. */
  begunAt: z.string(),
});

const stateSchema = z.strictObject({
  /** Digest of the files that were known. */
  events: z.string(),
  outcome: z.enum(["published", "refused", "judged"]),
  version: z.string(),
  at: z.string(),
});
export type LastRun = z.output<typeof stateSchema>;

export class WorkFolder {
  /** Of the run under way. */
  readonly path: string;
  readonly begunAt: Date;
  readonly isResumed: boolean;
  readonly #root: string;

  private constructor(root: string, begunAt: string, isResumed: boolean) {
    this.#root = root;
    this.path = join(root, "run");
    this.begunAt = new Date(begunAt);
    this.isResumed = isResumed;
  }

  /** Goes on with the run that is there, if it is of the same identity; else begins one. */
  static async open(
    root: string,
    { identity, now, restart }: { identity: string; now: Date; restart: boolean },
  ): Promise<WorkFolder> {
    const path = join(root, "run");
    const there = restart ? undefined : await readIfThere(join(path, "run.json"), runSchema);
    if (there?.identity === identity) return new WorkFolder(root, there.begunAt, true);
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
    const run = { identity, begunAt: now.toISOString() };
    await writeWhole(join(path, "run.json"), run);
    return new WorkFolder(root, run.begunAt, false);
  }

  /** What the stage has found, now or before it was interrupted. */
  async stage<S extends z.ZodType>(
    name: string,
    schema: S,
    make: () => Promise<z.output<S>>,
  ): Promise<z.output<S>> {
    const path = join(this.path, `${name}.json`);
    const there = await readIfThere(path, schema);
    if (there !== undefined) return there;
    const made = await make();
    await writeWhole(path, made);
    return made;
  }

  /** Where the release lies from now on. The run becomes the last one. */
  async finish(state: LastRun): Promise<string> {
    const last = join(this.#root, "last");
    await rm(last, { recursive: true, force: true });
    await rename(this.path, last);
    await writeWhole(join(this.#root, "state.json"), state);
    return join(last, "release");
  }

  /** Forgets the run under way. */
  async drop(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export function readLastRun(root: string): Promise<LastRun | undefined> {
  return readIfThere(join(root, "state.json"), stateSchema);
}

async function readIfThere<S extends z.ZodType>(
  path: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is not of this program; --restart begins anew`);
}

async function writeWhole(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.part`, `${JSON.stringify(value, undefined, 1)}\n`);
  await rename(`${path}.part`, path);
}
