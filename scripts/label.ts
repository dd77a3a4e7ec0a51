/**
 * npm run label: has a model of the catalogue grade a file of prompts or answers.
 *
 *     npm start                                        in another terminal, or any deployment
 *     npm run label -- --data FILE --model openai/gpt-5.4 --out FILE
 *
 * Every call goes through a Sluice endpoint by the official SDK. What is written stays when a run ends
 * early, and the next run with the same --out goes on behind it.
 */
import { open, readFile, truncate } from "node:fs/promises";
import { parseArgs } from "node:util";
import OpenAI from "openai";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog, type CatalogModel } from "../router-models/catalog.ts";
import { readNumber, readWhole } from "./command-line/values.ts";
import { Judge, OverBudget, Purse } from "./judging/judge.ts";
import {
  finishedRows,
  inOrder,
  labelRow,
  readLabelRows,
  type LabelRow,
} from "./judging/label-rows.ts";
import { createProgress } from "./report/progress.ts";

const HELP = `Has a model grade answers, or prompts by the answer a small model would give.

  npm run label -- --data FILE --model NAME --out FILE [options]

  --data FILE       .jsonl or .jsonl.gz, rows {"id", "prompt", "answers"?: {model: text}}
  --model NAME      the judge, a model of the catalogue
  --out FILE        .jsonl: outcome rows {"id", "prompt", "scores"} for rows with answers, else
                    {"id", "prompt", "grade", "expected_quality"}; what it has already is kept
  --url URL         a Sluice endpoint; its key is SLUICE_API_KEY   [http://127.0.0.1:8787/v1]
  --concurrency N   rows asked about at a time                     [4]
  --max-cost-usd X  stop before more is spent                      [1]
  --help            this text`;

interface Options {
  readonly data: string;
  readonly out: string;
  readonly model: CatalogModel;
  readonly url: string;
  readonly concurrency: number;
  readonly maxCostUsd: number;
}

function readOptions(): Options | "help" {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      model: { type: "string" },
      out: { type: "string" },
      url: { type: "string", default: "http://127.0.0.1:8787/v1" },
      concurrency: { type: "string", default: "4" },
      "max-cost-usd": { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { data, model: name, out } = values;
  if (data === undefined || name === undefined || out === undefined)
    throw new Error("--data, --model and --out are needed; --help shows how");
  const { models } = parseCatalog(catalogJson);
  const model = models.find(({ id }) => id === name);
  if (model === undefined)
    throw new Error(
      `--model ${name} is not in the catalogue: ${models.map(({ id }) => id).join(", ")}`,
    );
  return {
    data,
    out,
    model,
    url: values.url,
    concurrency: readWhole("--concurrency", values.concurrency, 1),
    maxCostUsd: readNumber("--max-cost-usd", values["max-cost-usd"]),
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === "help") return console.log(HELP);
  const { data, out, model, concurrency } = options;
  let total = 0;
  for await (const _ of readLabelRows(data)) total++; // Every row is checked before the first call is paid for.
  if (total === 0) throw new Error(`${data}: no row`);
  const done = await resume(out);
  const client = await clientOf(options);
  const purse = new Purse(options.maxCostUsd);
  const judge = new Judge(client, model, purse);
  const progress = createProgress("label", total);
  const sink = await open(out, "a");
  let [written, ungraded, count] = [0, 0, done.size];
  try {
    const rows = rowsBeside(data, done);
    const results = inOrder(rows, concurrency, (row) =>
      labelRow(row, model.id, (judged) => judge.grade(judged)),
    );
    for await (const labelled of results) {
      if (labelled === undefined) ungraded++;
      else {
        await sink.write(`${JSON.stringify(labelled)}\n`);
        written++;
      }
      progress.update(++count, `${purse.spentUsd.toFixed(4)} USD`);
    }
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    console.error(
      `Stopped at --max-cost-usd ${purse.maxUsd}: ${error.message}. Run it again with a higher one to go on.`,
    );
    process.exitCode = 2;
  } finally {
    await sink.close();
    progress.finish(`${purse.spentUsd.toFixed(4)} USD`);
  }
  const kept = done.size > 0 ? `, ${done.size} were there` : "";
  console.log(`${out}: ${written} rows written${kept}, ${ungraded} without a grade`);
}

/** Rejects where nobody answers there, or not with this key. On this machine no key is needed. */
async function clientOf({ url }: Options): Promise<OpenAI> {
  const client = new OpenAI({ baseURL: url, apiKey: process.env["SLUICE_API_KEY"] ?? "none" });
  try {
    await client.models.list({ maxRetries: 0 });
    return client;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const remedy = "start one by npm start, or give --url and SLUICE_API_KEY";
    throw new Error(`${url} does not serve: ${why.replace(/\.$/, "")}; ${remedy}`, { cause });
  }
}

/** Ids that the output has; what a killed run left of a last line is cut off. */
async function resume(out: string): Promise<ReadonlySet<string>> {
  let text: string;
  try {
    text = await readFile(out, "utf8");
  } catch {
    return new Set();
  }
  try {
    const { ids, bytes } = finishedRows(text);
    await truncate(out, bytes);
    return ids;
  } catch (cause) {
    throw new Error(`${out}: holds something else than labelled rows; give another --out`, {
      cause,
    });
  }
}

async function* rowsBeside(data: string, done: ReadonlySet<string>): AsyncGenerator<LabelRow> {
  for await (const row of readLabelRows(data)) if (!done.has(row.id)) yield row;
}

try {
  await main();
} catch (error) {
  console.error(`label: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
