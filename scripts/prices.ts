/**
 * npm run prices: holds the catalogue against a public price list and shows what differs; with --write it
 * takes prices and windows over, with their source and the day.
 *
 * The list is a file, since nothing here goes out to the network. What is taken over and what is held back
 * is decided in pricing/comparison.ts. Either everything that can be taken over is written, at once, or
 * nothing: a price that changes tenfold stops the whole.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { readJsonFile } from "./dataset/json-file.ts";
import { readCatalogFile, writeCatalogFile } from "./onboarding/catalog-file.ts";
import { compare, isTakenOver, withPrices } from "./pricing/comparison.ts";
import { readLiteLlm } from "./pricing/litellm.ts";
import { readModelsDev } from "./pricing/models-dev.ts";
import type { PriceList } from "./pricing/quote.ts";
import { textOfComparison } from "./pricing/report.ts";

const HELP = `Compares the catalogue with a public price list, and takes its prices over.

  npm run prices -- --from FILE [options]

  --from FILE     LiteLLM's model_prices_and_context_window.json, or models.dev's api.json
  --catalog FILE  [router-models/catalog.json]
  --write         writes prices and windows into the catalogue; without it nothing is changed
  --force NAME    takes an entry over that is held back: provider/model, once for each
  --source URL    where the list was read [where it is published]
  --date DAY      when it was read, YYYY-MM-DD [today]
  --json          JSON instead of text
  --help          this text

Exits with 1 where a file cannot be used, or where --write is asked for and a price changes tenfold.`;

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      from: { type: "string" },
      catalog: { type: "string", default: "router-models/catalog.json" },
      write: { type: "boolean", default: false },
      force: { type: "string", multiple: true, default: [] },
      source: { type: "string" },
      date: { type: "string", default: new Date().toISOString().slice(0, 10) },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) return console.log(HELP);
  if (flags.from === undefined) throw new Error("--from wants a price list");
  const date = z.iso.date("--date wants a day as YYYY-MM-DD").safeParse(flags.date);
  if (!date.success) throw new Error(date.error.issues[0]!.message);
  const [catalog, list] = [await readCatalogFile(flags.catalog), await readList(flags.from)];
  const comparison = compare(catalog, list, new Set(flags.force));
  const refused = comparison.entries.filter(
    ({ objection, isForced }) => objection === "tenfold" && !isForced,
  );
  const isToWrite = flags.write && refused.length === 0 && comparison.entries.some(isTakenOver);
  if (isToWrite) {
    const source = { url: flags.source ?? list.url, date: date.data };
    await writeCatalogFile(flags.catalog, withPrices(catalog, comparison, source));
  }
  if (flags.json)
    console.log(JSON.stringify({ ...comparison, isWritten: isToWrite }, undefined, 2));
  else {
    console.log(textOfComparison(comparison));
    if (isToWrite)
      console.log(`${flags.catalog}: written; "npm run docs" brings the README up to date`);
  }
  if (flags.write && refused.length > 0)
    throw new Error(
      `nothing was written: ${refused.map(({ model }) => model).join(", ")} would change tenfold`,
    );
}

async function readList(path: string): Promise<PriceList> {
  const json = await readJsonFile(path, z.record(z.string(), z.unknown()));
  const list = readLiteLlm(json) ?? readModelsDev(json);
  if (list === undefined)
    throw new Error(`${path}: has no price that LiteLLM's or models.dev's format would have`);
  return list;
}

try {
  await main();
} catch (error) {
  console.error(`prices: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
