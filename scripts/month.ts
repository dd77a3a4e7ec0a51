/**
 * `npm run month`: a month of traffic in which a model appears, another collapses, questions shift and a price changes,
 * played with a frozen router, with routers that learn from what is said of their answers, and with an oracle. Tables
 * go to stdout, progress to stderr, pictures to a folder.
 */
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import { listFiles } from "./dataset/given-files.ts";
import { readJsonFile } from "./dataset/json-file.ts";
import { priceTableSchema } from "./evaluation/costs.ts";
import { loadSets } from "./evaluation/loaded-set.ts";
import { createProgress } from "./report/progress.ts";
import { writeReport } from "./report/report-folder.ts";
import { evaluateMonths, stepsOf, type MonthEvaluation } from "./simulated-month/evaluation.ts";
import { HELP, readOptions } from "./simulated-month/options.ts";
import { monthPictures, monthTable } from "./simulated-month/report.ts";
import { NoWorld } from "./simulated-month/world-of-set.ts";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  if (options.help) return console.log(HELP);
  const table = await readJsonFile(options.prices, priceTableSchema);
  const prices = { table, catalog: parseCatalog(catalogJson).models };
  const files = await listFiles({ files: options.files, sets: options.sets ?? "" });
  const result: MonthEvaluation[] = [];
  for (const set of await loadSets(files)) {
    const progress = createProgress("month", stepsOf(options));
    try {
      result.push(await evaluateMonths(set, prices, { options, progress }));
    } catch (error) {
      if (!(error instanceof NoWorld) || options.sets === undefined) throw error;
      console.error(`left out: ${error.message}`);
    }
    progress.finish();
  }
  const command = `npm run month -- ${args.join(" ")}`.replace(/ -- $/u, "");
  const text = `${result.map(monthTable).join("\n\n")}\n\nMade by \`${command}\`.\n`;
  console.log(options.json ? JSON.stringify(result, null, 2) : text);
  if (options.report !== undefined)
    await writeReport(options.report, {
      result,
      table: text,
      pictures: result.flatMap(monthPictures),
    });
}

try {
  await main();
} catch (error) {
  console.error(`month: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
