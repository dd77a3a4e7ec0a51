/**
 * npm run docs: writes the generated sections of the documents, or with --check fails where one is stale.
 *
 * A table that repeats what the sources say (layers, models, settings) is true only as long as somebody
 * remembers it. These sections are made from the sources themselves, and CI checks that they were.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { LAYERS, SCRIPTS_MAY } from "../oxlint.config.ts";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog, type CatalogModel } from "../router-models/catalog.ts";
import { replaceSection } from "./report/marked-section.ts";

const HELP = `Writes the generated sections of README.md and ARCHITECTURE.md.

  npm run docs               write them
  npm run docs -- --check    change nothing; fail where one is stale
  npm run docs -- --help     this text`;

/** File → section → what it must say. */
function sections(): Record<string, Record<string, string>> {
  return {
    "README.md": { catalog: catalogTable(parseCatalog(catalogJson).models) },
    "ARCHITECTURE.md": { layers: layerTable() },
  };
}

function layerTable(): string {
  const rows = Object.entries(LAYERS).map(([folder, { below, models, packages }]) => {
    const names = [...below, ...(models ? ["router-models"] : []), ...packages.map(code)];
    return `| ${folder} | ${names.join(", ") || "nothing"} |`;
  });
  return [
    "| folder | may import |",
    "| --- | --- |",
    `| router-models | itself, ${code("zod")} |`,
    ...rows,
    "| compose, index, config, variables | anything in worker/, router-models |",
    `| scripts | ${SCRIPTS_MAY} |`,
  ].join("\n");
}

function catalogTable(models: readonly CatalogModel[]): string {
  const rows = models.map(({ id, price, contextTokens, capabilities }) => {
    const abilities = capabilities.filter((name) => name !== "streaming").join(", ");
    const tokens = contextTokens.toLocaleString("en-US");
    return `| ${code(id)} | ${price.inputUsdPerMTok} | ${price.outputUsdPerMTok} | ${tokens} | ${abilities} |`;
  });
  return [
    "| model | USD per 1M input tokens | output | context | can |",
    "| --- | ---: | ---: | ---: | --- |",
    ...rows,
  ].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) return console.log(HELP);
  const stale: string[] = [];
  for (const [file, named] of Object.entries(sections())) {
    const before = await readFile(file, "utf8");
    const after = Object.entries(named).reduce(
      (text, [name, section]) => replaceSection(text, name, section),
      before,
    );
    if (after === before) continue;
    if (flags.check) stale.push(file);
    else await writeFile(file, after);
  }
  if (stale.length > 0) throw new Error(`${stale.join(", ")}: stale; run "npm run docs"`);
  console.log(flags.check ? "documents are up to date" : "documents written");
}

try {
  await main();
} catch (error) {
  console.error(`docs: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
