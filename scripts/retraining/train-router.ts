/**
 * The stage that trains: base rows and lessons of the log through the compiled training step, as `npm run train` does,
 * with its checkpoints, so that a run that was killed goes on where it was.
 *
 * Prompts that judge are learnt from nowhere, base rows included. Up to so many rows as memory holds all plans are tried
 * on folds; with more the plan is chosen on a sample and the winner trained on all but some rows that calibrate.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogModel } from "../../router-models/catalog.ts";
import { FEATURE_VERSION } from "../../router-models/features/extract.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import type { ReleaseFiles } from "../../router-models/release.ts";
import { cardOf } from "../training/card.ts";
import { Checkpoints } from "../training/checkpoint.ts";
import type { Device } from "../training/device.ts";
import { ExampleStore } from "../training/example-store.ts";
import type { Example } from "../training/examples.ts";
import { fitStored } from "../training/fit-stored.ts";
import { fit, type Fit, type FitInput } from "../training/fit.ts";
import { partOf } from "../training/intake.ts";
import { WHOLE_ROWS } from "../training/order.ts";
import { releaseFiles } from "../training/release-files.ts";
import { SETTINGS, shapeFor } from "../training/settings.ts";
import { readBase, type BaseRows } from "./base-rows.ts";
import { judgedDecisions, learntPath, type Dataset } from "./dataset.ts";
import { JointExamples } from "./joint-examples.ts";
import { EVENTS, loggedFeatures, promptKey } from "./lesson.ts";

export interface TrainingOptions {
  /** Work folder of the run; the release comes into `release` in it. */
  readonly folder: string;
  readonly dataset: Dataset;
  readonly base: BaseRows;
  readonly catalog: readonly CatalogModel[];
  /** Whose name the new release has, and table size. */
  readonly incumbent: Manifest;
  readonly version: string;
  readonly seed: number;
  readonly device: Device;
  readonly commit: string;
  readonly command: string;
  readonly nowMs: () => number;
  readonly hasTime: (share: number) => boolean;
  readonly onProgress: (done: number, total: number, note: string) => void;
}

export interface TrainedRouter {
  readonly manifest: Manifest;
  readonly rows: number;
}

/** Folder of the release. */
export function releasePath(folder: string): string {
  return join(folder, "release");
}

/** Rejects when nothing is to be learnt. */
export async function trainRouter(options: TrainingOptions): Promise<TrainedRouter> {
  const { folder, dataset, base, catalog, incumbent, seed } = options;
  const { tableRows } = incumbent.features;
  const checkpoints = await openCheckpoints(options);
  const store = ExampleStore.open(learntPath(folder));
  if (store === undefined)
    throw new Error(`${folder}: the examples are gone; begin with --restart`);
  const known = await readBase(base, {
    models: dataset.models,
    catalog,
    tableRows,
    storePath: join(folder, "base.bin"),
  });
  const judging = await judgingPrompts(folder, tableRows);
  const examples = JointExamples.of(
    [...known.examples, store],
    ({ features }) => !judging.has(promptKey(features)),
  );
  const { fitted, sample } = await fitTo(examples, {
    models: dataset.models.length,
    hyperparameters: { shape: { ...shapeFor(examples.length), tableRows }, ...SETTINGS },
    seed,
    runtime: { device: options.device, checkpoints },
    hasTime: options.hasTime,
    onProgress: options.onProgress,
  });
  store.close();
  const { files, manifest } = await releaseFiles({
    name: incumbent.name,
    version: options.version,
    fit: fitted,
    models: dataset.models,
    prices: known.prices,
    seed,
    commit: options.commit,
    data: [...known.data, eventsAsData(dataset)],
    examples,
    sample,
  });
  const card = cardOf({ manifest, tried: fitted.tried, command: options.command });
  await writeRelease(releasePath(folder), files, card);
  await checkpoints.remove();
  return { manifest, rows: examples.length };
}

async function fitTo(
  examples: JointExamples,
  input: Omit<FitInput, "examples">,
): Promise<{ fitted: Fit; sample: readonly Example[] }> {
  if (examples.length <= WHOLE_ROWS) {
    const all = [...examples];
    return { fitted: await fit({ ...input, examples: all }), sample: all };
  }
  const parts: Record<"heldOut" | "sample", Example[]> = { heldOut: [], sample: [] };
  function partOfExample({ gid }: Example): ReturnType<typeof partOf> {
    return partOf(gid, examples.length);
  }
  const stored = JointExamples.of([examples], (example) => {
    const part = partOfExample(example);
    if (part !== "rest") parts[part].push(example);
    return part !== "heldOut";
  });
  return { fitted: await fitStored({ ...input, stored, ...parts }), sample: parts.sample };
}

function openCheckpoints({ folder, dataset, base, nowMs, ...options }: TrainingOptions) {
  const identity = {
    seed: options.seed,
    device: options.device,
    events: dataset.sha256.slice(0, 12),
    base: base.survey.data.map(({ sha256 }) => sha256.slice(0, 12)).join(" "),
    features: FEATURE_VERSION,
    models: dataset.models.join(" "),
  };
  return Checkpoints.open(join(folder, "checkpoint"), { identity, everyMs: 20_000, nowMs });
}

async function judgingPrompts(folder: string, tableRows: number): Promise<ReadonlySet<string>> {
  const prompts = new Set<string>();
  for await (const { record } of judgedDecisions(folder)) {
    const features = loggedFeatures(record, tableRows);
    if (features !== undefined) prompts.add(promptKey(features));
  }
  return prompts;
}

function eventsAsData({ sha256, learnt, judged }: Dataset): Manifest["training"]["data"][number] {
  return {
    name: EVENTS,
    sha256,
    trainRows: learnt,
    validRows: judged,
    licence: "this deployment's own traffic",
  };
}

async function writeRelease(out: string, files: ReleaseFiles, card: string): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "model.onnx"), files.model);
  await writeFile(join(out, "golden.json"), files.golden);
  await writeFile(join(out, "manifest.json"), files.manifest);
  await writeFile(join(out, "CARD.md"), card);
}
