/**
 * npm run score: what a router says of prompts, by the very code that serves.
 *
 *     npm run --silent score -- --model DIR --in PROMPTS.jsonl[.gz] --out SCORES.jsonl [--catalog FILE]
 *
 * One row out for each row in, in the same order: calibrated score and median cost of every model, and
 * the model that the preset would choose. Features, graph, calibration and decision are the service's;
 * the graph runs on the WebAssembly that runs in the isolate.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { Catalog } from "../router-models/catalog.ts";
import { certificateAt } from "../router-models/certificate.ts";
import { promptOfText, type Prompt } from "../router-models/features/prompt.ts";
import type { Certificate } from "../router-models/manifest.ts";
import { placeCatalog, trainedPanel } from "../router-models/placement.ts";
import { openRelease } from "../router-models/release.ts";
import { Scorer, type Forecast } from "../router-models/scorer.ts";
import { messageSchema } from "../worker/domain/chat.ts";
import { policySchema, PRESETS, type Policy } from "../worker/domain/policy.ts";
import { decide } from "../worker/routing/decide.ts";
import { promptOf } from "../worker/routing/prompt-of.ts";
import { linesOf, rowOf, type Line } from "./dataset/lines.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { trainedCatalog } from "./dataset/trained-catalog.ts";
import { openGraph } from "./evaluation/onnx-graph.ts";
import { rowCandidates } from "./evaluation/row-candidates.ts";
import { readCatalogFile } from "./onboarding/catalog-file.ts";
import { createProgress } from "./report/progress.ts";

const HELP = `Scores prompts with a router.

  npm run --silent score -- --model DIR --in FILE --out FILE [options]

  --model DIR       a release, as "npm run train" writes it
  --in FILE         .jsonl or .jsonl.gz, rows {"id", "prompt" | "messages"}
  --out FILE        .jsonl, rows {"id", "scores", "cost_usd", "choice"}; "-" for standard output
  --catalog FILE    score this catalogue's models   [the models that the router was trained on]
  --preset NAME     ${PRESETS.join(" | ")}   [balanced]
  --quality Q       least share of the reference model's score, 0..1
  --help            this text`;

const rowSchema = z
  .looseObject({
    id: z.union([z.string(), z.number()]),
    prompt: z.string().optional(),
    messages: z.array(messageSchema).min(1).optional(),
  })
  .refine((row) => row.prompt !== undefined || row.messages !== undefined, {
    message: 'give "prompt" or "messages"',
  });

interface Options {
  readonly model: string;
  readonly in: string;
  readonly out: string;
  readonly catalog: string | undefined;
  readonly policy: Policy;
}

function readOptions(): Options | "help" {
  const { values: flags } = parseArgs({
    options: {
      model: { type: "string" },
      in: { type: "string" },
      out: { type: "string" },
      catalog: { type: "string" },
      preset: { type: "string", default: "balanced" },
      quality: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) return "help";
  const { model, in: input, out, catalog, preset } = flags;
  if (model === undefined || input === undefined || out === undefined)
    throw new Error("--model, --in and --out are needed; --help shows how");
  const quality = flags.quality === undefined ? {} : { quality: Number(flags.quality) };
  const policy = policySchema.safeParse({ preset, ...quality });
  if (!policy.success)
    throw new Error(
      policy.error.issues.map((i) => `--${i.path.join(".")}: ${i.message}`).join("; "),
    );
  return { model, in: input, out, catalog, policy: policy.data };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === "help") return console.log(HELP);
  const release = await openRelease(await readReleaseFolder(options.model));
  const { manifest } = release;
  const catalog =
    options.catalog === undefined ? undefined : await readCatalogFile(options.catalog);
  const panel =
    catalog === undefined ? trainedPanel(manifest) : placeCatalog(manifest, catalog.models);
  const graph = await openGraph(release.model);
  const scorer = new Scorer(manifest, panel);
  const models = catalog?.models ?? trainedCatalog(manifest);

  const order = {
    models,
    policy: options.policy,
    certificate: certificateAt(manifest.certificate, models),
  };
  const rows = counted(scoredRows(options.in, (prompt) => scorer.score(prompt, graph), order));
  await (options.out === "-" ? print(rows) : writeFileOf(options.out, rows));
  await graph.release();
}

async function* scoredRows(
  path: string,
  score: (prompt: Prompt) => Promise<Forecast>,
  order: Order,
): AsyncGenerator<string> {
  for await (const line of linesOf(path)) {
    const { id, prompt } = parseRow(line);
    yield `${JSON.stringify({ id, ...scoreRow(await score(prompt), order) })}\n`;
  }
}

/**
 * Writes beside the file and moves it there at the end: a bad row far down leaves no half a file behind. What
 * is no plain file, such as a pipe or /dev/null, must not be replaced and is written to as it is.
 */
async function writeFileOf(path: string, rows: AsyncIterable<string>): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) return writeInto(path, rows);
  const beside = `${path}.${process.pid}.part`;
  try {
    await writeInto(beside, rows);
    await rename(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}

async function writeInto(path: string, rows: AsyncIterable<string>): Promise<void> {
  const file = createWriteStream(path);
  await once(file, "open"); // Better to fail before any prompt is scored.
  await pipeline(rows, file);
}

async function print(rows: AsyncIterable<string>): Promise<void> {
  for await (const row of rows) if (!process.stdout.write(row)) await once(process.stdout, "drain");
}

/** Passes rows on with a bar. Rejects where there is none. */
async function* counted(rows: AsyncIterable<string>): AsyncGenerator<string> {
  const progress = createProgress("score", 0);
  let done = 0;
  for await (const row of rows) {
    yield row;
    progress.update(++done, "prompts", done);
  }
  if (done === 0) throw new Error("The input has no rows");
  progress.finish("prompts");
}

interface ScoredRow {
  readonly scores: Record<string, number>;
  readonly cost_usd: Record<string, number>;
  readonly choice: string | null;
}

/** What every row is scored for. */
interface Order {
  readonly models: Catalog["models"];
  readonly policy: Policy;
  readonly certificate: Certificate | undefined;
}

function scoreRow(forecast: Forecast, { models, policy, certificate }: Order): ScoredRow {
  const candidates = rowCandidates(forecast, models);
  const decided = decide({ candidates, excluded: [], policy, certificate, task: forecast.task });
  return {
    scores: Object.fromEntries(forecast.models.map(({ id, score }) => [id, round(score)])),
    cost_usd: medianCostsUsd(forecast, models),
    choice: decided.attempts[0]?.model ?? null,
  };
}

/** Unrounded, unlike what a ledger would book: small models cost less than a micro-dollar a prompt. */
function medianCostsUsd(
  { models, inputTokens }: Forecast,
  catalog: Catalog["models"],
): Record<string, number> {
  return Object.fromEntries(
    models.map(({ id, outputTokensP50 }, m) => {
      const { inputUsdPerMTok, outputUsdPerMTok } = catalog[m]!.price;
      const cost = inputTokens * inputUsdPerMTok + outputTokensP50 * outputUsdPerMTok;
      return [id, Number((cost / 1e6).toPrecision(6))];
    }),
  );
}

function parseRow(line: Line): { id: string | number; prompt: Prompt } {
  const { id, prompt, messages } = rowOf(line, rowSchema);
  return { id, prompt: messages === undefined ? promptOfText(prompt!) : promptOf({ messages }) };
}

function round(score: number): number {
  return Number(score.toFixed(6));
}

try {
  await main();
} catch (error) {
  console.error(`score: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
