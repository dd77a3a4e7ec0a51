/**
 * `npm run pace`: where spending ends, and what it buys, when a budget is paced; beside spending until it stops, a dual
 * descent, the best fixed price in hindsight and the zero router. Tables go to stdout, progress to stderr,
 * pictures to a folder.
 */
import { openRelease } from "../router-models/release.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { evaluatePacing } from "./pacing/evaluation.ts";
import { HELP, readOptions } from "./pacing/options.ts";
import { pacePictures, paceSummary, paceTable } from "./pacing/report.ts";
import { writeReport } from "./report/report-folder.ts";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  if (options.help) {
    console.log(HELP);
    return;
  }
  const release = await openRelease(await readReleaseFolder(options.model));
  const result = await evaluatePacing(release, options);
  const command = `npm run pace -- ${args.join(" ")}`.replace(/ -- $/u, "");
  const table = `${paceTable(result)}\n\nMade by \`${command}\`.\n`;
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else console.log(options.summary ? paceSummary(result) : table);
  if (options.report !== undefined)
    await writeReport(options.report, { result, table, pictures: pacePictures(result) });
}

try {
  await main();
} catch (error) {
  console.error(`pace: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
