/**
 * npm run bench:training: what reading, features and steps cost in time and memory, by number of rows.
 *
 *     npm run bench:training -- --rows 10000,100000,1000000
 *     npm run bench:training -- --rows 10000 --steps 70 --device webgpu
 *
 * Rows are made up from a seed and written to a file. A process of its own then does what `npm run
 * train` does with such a file: check it, make examples, keep them in memory or in a store, and train
 * some steps; its peak memory is what the system says of it. Whole epochs are not run: a step costs
 * the same whatever comes before it.
 */
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { between, pick, randomFrom } from "../worker/lib/prng.ts";
import { readChoice, readWhole } from "./command-line/values.ts";
import { DEVICES, type Device } from "./training/device.ts";
import { groundOf } from "./training/ground.ts";
import { readExamples, surveySources } from "./training/intake.ts";
import { TrainingRun } from "./training/run.ts";
import { SETTINGS, shapeFor } from "./training/settings.ts";

const HELP = `Measures what training costs in time and memory, on made-up rows.

  npm run bench:training -- [options]

  --rows N,...          numbers of rows, each a line of the table   [10000,100000]
  --steps N             steps that are timed, an epoch at the most  [40]
  --device cpu|webgpu   where the training step runs                [cpu]
  --help                this text`;

interface Options {
  readonly rows: readonly number[];
  readonly steps: number;
  readonly device: Device;
  /** In the process that measures: the file to measure on. */
  readonly measure: string | undefined;
}

function readOptions(): Options | "help" {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "10000,100000" },
      steps: { type: "string", default: "40" },
      device: { type: "string", default: "cpu" },
      measure: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    rows: values.rows.split(",").map((rows) => readWhole("--rows", rows, 1)),
    steps: readWhole("--steps", values.steps, 1),
    device: readChoice("--device", values.device, DEVICES),
    measure: values.measure,
  };
}

const measureSchema = z.object({
  rows: z.number(),
  readSeconds: z.number(),
  secondsPerStep: z.number(),
  secondsPerEpoch: z.number(),
  firstLoss: z.number(),
  lastLoss: z.number(),
  peakMiB: z.number(),
  storeMiB: z.number(),
});

/** What a process of its own measures on the file at `path`. */
async function measure(path: string, options: Options): Promise<z.infer<typeof measureSchema>> {
  const startedMs = performance.now();
  const sources = [{ name: "made up", path, licence: "none" }];
  const survey = await surveySources(sources);
  const prices = survey.costs.pricesOf(survey.models, { table: {}, catalog: [] });
  const shape = shapeFor(survey.trainRows);
  const storePath = `${path}.store`;
  const { tableRows } = shape;
  const { examples } = await readExamples(sources, { survey, prices, tableRows, storePath });
  const readMs = performance.now() - startedMs;
  const hyperparameters = { shape, ...SETTINGS };
  const ground = groundOf(examples, hyperparameters, 1);
  const run = await TrainingRun.start({
    examples,
    ground,
    hyperparameters,
    models: survey.models.length,
    seed: 1,
    runtime: { device: options.device },
  });
  const firstLoss = await run.epoch(() => {}, 5); // Warms up what the later steps are timed with.
  const steps = Math.min(options.steps, run.stepsPerEpoch);
  const steppedMs = performance.now();
  const lastLoss = await run.epoch(() => {}, steps);
  const secondsPerStep = (performance.now() - steppedMs) / 1000 / steps;
  await run.release();
  const storeBytes = await stat(storePath).then(
    ({ size }) => size,
    () => 0,
  );
  return {
    rows: survey.trainRows,
    readSeconds: readMs / 1000,
    secondsPerStep,
    secondsPerEpoch: secondsPerStep * run.stepsPerEpoch,
    firstLoss,
    lastLoss,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    storeMiB: storeBytes / 2 ** 20,
  };
}

const SYLLABLES = ["ka", "lo", "mi", "ren", "sta", "vo", "pri", "tu", "eng", "dor", "fi", "has"];
const MODELS = ["made/large", "made/middling", "made/small"];

/** Prompts of 20 to 80 words out of some 20,000; what they ask decides who is good at it. */
function* madeUpRows(rows: number): Generator<string> {
  const random = randomFrom(7);
  for (let i = 0; i < rows; i++) {
    const words = Array.from({ length: between(random, 20, 80) }, () =>
      Array.from({ length: between(random, 1, 4) }, () => pick(random, SYLLABLES)).join(""),
    );
    const level = words.filter((word) => word.startsWith("ka")).length / 5;
    const scores = MODELS.map((model, m) => [model, random() < 0.9 - level * m * 0.4 ? 1 : 0]);
    const row = {
      id: `row ${i}`,
      dataset: `set ${i % 8}`,
      prompt: `${words.join(" ")}?`,
      scores: Object.fromEntries(scores),
      split: "train",
    };
    yield `${JSON.stringify(row)}\n`;
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === "help") return console.log(HELP);
  if (options.measure !== undefined)
    return console.log(JSON.stringify(await measure(options.measure, options)));
  console.log(
    "| rows | file MiB | store MiB | read and features, rows/s | s/step | s/epoch | loss | peak MiB |",
  );
  console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const rows of options.rows) {
    const folder = await mkdtemp(join(tmpdir(), "sluice-bench-"));
    try {
      const path = join(folder, "rows.jsonl");
      await pipeline(madeUpRows(rows), createWriteStream(path));
      const args = [
        "--measure",
        path,
        "--steps",
        String(options.steps),
        "--device",
        options.device,
      ];
      const output = execFileSync(process.execPath, [import.meta.filename, ...args], {
        encoding: "utf8",
      });
      const found = measureSchema.parse(JSON.parse(output));
      const fileMiB = (await stat(path)).size / 2 ** 20;
      const cells = [
        rows.toLocaleString("en"),
        fileMiB.toFixed(0),
        found.storeMiB.toFixed(0),
        (found.rows / found.readSeconds).toFixed(0),
        found.secondsPerStep.toFixed(3),
        found.secondsPerEpoch.toFixed(1),
        `${found.firstLoss.toFixed(6)} → ${found.lastLoss.toFixed(6)}`,
        found.peakMiB.toFixed(0),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(`bench:training: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
