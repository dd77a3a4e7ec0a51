/**
 * `npm run replay`: logged decisions made again, bit for bit, and what others would have decided in their place. What
 * it does is in scripts/replaying.
 */
import { writeFile } from "node:fs/promises";
import { replayLog } from "./replaying/command.ts";
import { HELP, readOptions } from "./replaying/options.ts";
import { markdownOf, picturesOf, plainOf, textOf } from "./replaying/report.ts";
import { createProgress } from "./report/progress.ts";
import { writeReport } from "./report/report-folder.ts";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(HELP);
  const progress = createProgress("replay", 0);
  const found = await replayLog(options, (done, note) => progress.update(done, note, done));
  progress.finish();
  const result = plainOf(found);
  const { out, report, isJson } = options;
  if (out !== undefined) await writeFile(out, `${JSON.stringify(result, null, 2)}\n`);
  if (report !== undefined)
    await writeReport(report, { result, table: markdownOf(found), pictures: picturesOf(found) });
  console.log(isJson ? JSON.stringify(result) : textOf(found));
  const { equal, equalFromScores, differing } = found.replay;
  if (differing > 0 || equal + equalFromScores === 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`replay: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
