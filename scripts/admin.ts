/** npm run admin: operators' work on a deployment, over its own HTTP. administration/ says what there is. */
import { readLine } from "./administration/command-line.ts";
import { connect, RefusedError } from "./administration/connection.ts";

async function main(): Promise<void> {
  const line = readLine(process.argv.slice(2));
  if (line.kind === "help") return console.log(line.text);
  const { command, id, given } = line;
  const url = given.url ?? (process.env["SLUICE_URL"] || "http://127.0.0.1:8787");
  const connection = connect(url, process.env);
  const { json, text, secret } = await command.run({ connection, id, given });
  if (given.json) console.log(JSON.stringify(json, undefined, 2));
  else console.log(given.quiet && secret !== undefined ? secret : text());
}

try {
  await main();
} catch (error) {
  console.error(`admin: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof RefusedError ? 1 : 2;
}
