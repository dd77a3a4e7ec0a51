/**
 * The folder in which a training keeps what it has done, so that one that was killed can go on.
 *
 * A training is a fixed sequence of runs (each plan on each fold, then the last one), and each run a
 * fixed sequence of steps: given the same data, settings and seed, everything but the state of a run
 * follows from its position. So a checkpoint is the state of each run and the number of steps that made
 * it. Who resumes goes through the same sequence again, draws the same random numbers, and skips the
 * steps that are done; the result is the same to the last bit, whenever the process died.
 *
 * `training.json` says whose checkpoints these are: those of another training are refused. `run-<n>.bin`
 * is one run. A file appears whole or not at all: it is written beside its place, flushed and renamed.
 * A run whose key differs (a clock decided for other plans, say) starts anew.
 */
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { State } from "./device.ts";

/** Everything that decides what a training computes, in a form that a person can compare. */
export type Identity = Readonly<Record<string, string | number>>;

export interface CheckpointOptions {
  readonly identity: Identity;
  /** Least time between two saves of a run; 0 saves after every step. */
  readonly everyMs: number;
  readonly nowMs: () => number;
}

/** What is known of a run: its state after so many steps. Of a finished run the moments are left out. */
export interface SavedRun {
  readonly step: number;
  readonly state: State;
}

const IDENTITY_FILE = "training.json";
/** What it would be a pity to lose. */
const PROGRESS = /^(run-\d+\.bin|examples\.bin\.json)$/;
const headerSchema = z.object({
  key: z.string(),
  step: z.int(),
  tensors: z.array(z.tuple([z.string(), z.int()])),
});

export class Checkpoints {
  readonly #folder: string;
  readonly #options: CheckpointOptions;
  #runs = 0;

  private constructor(folder: string, options: CheckpointOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Makes the folder where there is none. Rejects where another training has got somewhere in it, saying in what they differ. */
  static async open(folder: string, options: CheckpointOptions): Promise<Checkpoints> {
    const path = join(folder, IDENTITY_FILE);
    const known = await readIdentity(path);
    const other = known && differenceOf(known, options.identity);
    if (other !== undefined && (await namesIn(folder)).some((name) => PROGRESS.test(name)))
      throw new Error(
        `${folder} holds the checkpoint of another training (${other}). Repeat that training's ` +
          "arguments to go on with it, --restart to drop it, or --checkpoint to keep this one elsewhere",
      );
    if (known === undefined || other !== undefined) {
      await removeFiles(folder); // Runs that nobody answers for.
      await mkdir(folder, { recursive: true });
      await writeWhole(path, [Buffer.from(`${JSON.stringify(options.identity, undefined, 1)}\n`)]);
    }
    return new Checkpoints(folder, options);
  }

  /** The next run of the sequence; `key` tells apart what the identity does not. */
  async nextRun(key: string): Promise<RunCheckpoint> {
    const path = join(this.#folder, `run-${this.#runs++}.bin`);
    return new RunCheckpoint(path, { ...this.#options, key, saved: await readRun(path, key) });
  }

  /** Where examples are kept that do not fit the memory; they go with the rest. */
  get storePath(): string {
    return join(this.#folder, "examples.bin");
  }

  /** The training is done: nothing is left to go on from. */
  remove(): Promise<void> {
    return removeCheckpoint(this.#folder);
  }
}

/** Removes what a training kept in a folder, and the folder if nothing else is in it. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await removeFiles(folder);
  await rmdir(folder).catch(() => undefined); // Not there, or somebody else's files are in it.
}

async function removeFiles(folder: string): Promise<void> {
  const ours = /^(training\.json|run-\d+\.bin|examples\.bin(\.json)?)(\.part)?$/;
  const names = (await namesIn(folder)).filter((name) => ours.test(name));
  // The identity goes last: it answers for what is left if this is cut short.
  for (const name of names.toSorted()) await rm(join(folder, name));
}

interface RunOptions extends CheckpointOptions {
  readonly key: string;
  readonly saved: SavedRun | undefined;
}

/** The checkpoint of one run. */
export class RunCheckpoint {
  readonly saved: SavedRun | undefined;
  readonly #path: string;
  readonly #options: RunOptions;
  #savedMs: number;

  constructor(path: string, options: RunOptions) {
    this.saved = options.saved;
    this.#path = path;
    this.#options = options;
    this.#savedMs = options.nowMs();
  }

  /** Saves if it is time; `state` is asked only then. */
  async offer(step: number, state: () => Promise<State>): Promise<void> {
    if (this.#options.nowMs() - this.#savedMs < this.#options.everyMs) return;
    await this.save(step, await state());
    this.#savedMs = this.#options.nowMs();
  }

  async save(step: number, state: State): Promise<void> {
    const tensors = Object.entries(state).map(([name, { length }]) => [name, length] as const);
    const header = JSON.stringify({ key: this.#options.key, step, tensors });
    const parts = Object.values(state).map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    );
    await writeWhole(this.#path, [Buffer.from(`${header}\n`), ...parts]);
  }
}

async function readRun(path: string, key: string): Promise<SavedRun | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf("\n");
  const header = headerSchema.parse(JSON.parse(bytes.toString("utf8", 0, end)));
  if (header.key !== key) return undefined;
  let at = end + 1;
  const state = header.tensors.map(([name, length]) => {
    const data = new Float32Array(length);
    new Uint8Array(data.buffer).set(bytes.subarray(at, (at += data.byteLength)));
    return [name, data] as const;
  });
  return { step: header.step, state: Object.fromEntries(state) };
}

async function readIdentity(path: string): Promise<Identity | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const schema = z.record(z.string(), z.union([z.string(), z.number()]));
  return schema.parse(JSON.parse(bytes.toString("utf8")));
}

/** The first thing in which they differ, in words. */
function differenceOf(known: Identity, wanted: Identity): string | undefined {
  const names = [...new Set([...Object.keys(known), ...Object.keys(wanted)])];
  const other = names.find((name) => known[name] !== wanted[name]);
  return other && `${other}: ${known[other]}, now ${wanted[other]}`;
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []); // It may not be there.
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** After a crash at any moment the file is either the old one or the new one. */
async function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(`${path}.part`, "w");
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
