/**
 * The catalogue as a file that a command may change: what it learns about a model goes into that model's
 * entry, everything else stays as it is, and the result must pass the door that every catalogue passes.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { parseCatalog, type Catalog, type CatalogModel } from "../../router-models/catalog.ts";

/** What onboarding may add to an entry. */
export interface EntryChange {
  /** Replace those on the same benchmarks. */
  readonly anchors: CatalogModel["anchors"];
  readonly ability?: NonNullable<CatalogModel["ability"]>;
}

/** Rejects, naming the file, where it is no catalogue. */
export async function readCatalogFile(path: string): Promise<Catalog> {
  try {
    return parseCatalog(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path}: cannot be used as a catalogue: ${why}`, { cause });
  }
}

/** The catalogue with the change made to the entry `id`. Throws as `parseCatalog` does. */
export function changedCatalog(catalog: Catalog, id: string, change: EntryChange): Catalog {
  const quoted = new Set(change.anchors.map(({ benchmark }) => benchmark));
  return parseCatalog({
    ...catalog,
    models: catalog.models.map((model) => {
      if (model.id !== id) return model;
      const { ability = model.ability } = change;
      const { anchors, sources, ability: _, ...facts } = model;
      return {
        ...facts,
        ...(ability !== undefined && { ability }),
        anchors: [...anchors.filter(({ benchmark }) => !quoted.has(benchmark)), ...change.anchors],
        sources,
      };
    }),
  });
}

/** Writes it in the form that the formatter keeps, whole or not at all. */
export async function writeCatalogFile(path: string, catalog: Catalog): Promise<void> {
  const next = `${path}.${process.pid}.new`;
  await writeFile(next, textOf(catalog));
  await rename(next, path);
}

const LINE_WIDTH = 100;

/** As text; lists of plain values stand on one line where they fit. */
export function textOf(catalog: Catalog): string {
  const spread = JSON.stringify(catalog, undefined, 2);
  const lists = /^( *)("[^"]+": )?\[\n((?: *[^{}[\]\n]+\n)+) *\](,?)$/gm;
  const text = spread.replace(lists, (...parts: string[]) => {
    const [, indent = "", key = "", items = "", comma = ""] = parts;
    const values = items.trim().split(/,\n\s*/);
    const line = `${indent}${key}[${values.join(", ")}]${comma}`;
    return line.length <= LINE_WIDTH ? line : filled(values, { indent, key, comma });
  });
  return `${text}\n`;
}

/** Numbers fill lines, other values stand one to a line: so does the formatter. */
function filled(
  values: readonly string[],
  { indent, key, comma }: { indent: string; key: string; comma: string },
): string {
  const isNumeric = values.every((value) => /^-?[\d.e+-]+$/.test(value));
  const lines: string[] = [];
  values.forEach((value, at) => {
    const item = at === values.length - 1 ? value : `${value},`;
    const last = lines.at(-1);
    if (isNumeric && last !== undefined && `${last} ${item}`.length <= LINE_WIDTH)
      lines[lines.length - 1] = `${last} ${item}`;
    else lines.push(`${indent}  ${item}`);
  });
  return [`${indent}${key}[`, ...lines, `${indent}]${comma}`].join("\n");
}
