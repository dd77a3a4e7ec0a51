/**
 * Rows of outcome files that a router is retrained on beside the log: the sets that its deployment began with, so that
 * what the log says little of is still known. There may be none.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import { datasetOfPath } from "../dataset/outcome-file.ts";
import { listShippingSets } from "../dataset/sets.ts";
import type { Examples } from "../training/examples.ts";
import { readExamples, surveySources, type Source, type Survey } from "../training/intake.ts";
import { CostSurvey, type ModelPrice } from "../training/prices.ts";

/** What is known of the rows before they are read as examples. */
export interface BaseRows {
  readonly sources: readonly Source[];
  readonly survey: Survey;
}

/** The list of sets and the files, both if both are given. Rejects as `surveySources` does. */
export async function surveyBase({
  sets,
  data,
}: {
  readonly sets?: string | undefined;
  readonly data: readonly string[];
}): Promise<BaseRows> {
  const shipping = sets === undefined ? [] : await listShippingSets(sets);
  const sources: Source[] = [
    ...shipping.map(({ name, path, licence }) => ({ name, path, licence })),
    ...data.map((path) => ({ name: datasetOfPath(path), path, licence: "not stated" })),
  ];
  const none: Survey = { models: [], trainRows: 0, costs: new CostSurvey(), data: [] };
  return { sources, survey: sources.length === 0 ? none : await surveySources(sources) };
}

export interface BaseOptions {
  /** In the order of label indices; the rows' own are among them. */
  readonly models: readonly string[];
  readonly catalog: readonly CatalogModel[];
  readonly tableRows: number;
  readonly storePath: string;
}

/** The training rows as examples, and a price for every model. */
export async function readBase(
  { sources, survey }: BaseRows,
  { models, catalog, tableRows, storePath }: BaseOptions,
): Promise<{
  readonly examples: readonly Examples[];
  readonly prices: ReadonlyMap<string, ModelPrice>;
  readonly data: Manifest["training"]["data"];
}> {
  const prices = survey.costs.pricesOf(models, { table: {}, catalog });
  if (sources.length === 0) return { examples: [], prices, data: [] };
  const intake = await readExamples(sources, {
    survey: { ...survey, models },
    prices,
    tableRows,
    storePath,
  });
  const { examples, heldOut = [] } = intake; // Which rows are held out is decided over all of them.
  return { examples: [examples, heldOut], prices, data: [...survey.data] };
}
