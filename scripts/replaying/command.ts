/** `npm run replay` without its terminal: opens what the options name, replays the log, compares. */
import type { LogRecord } from "../../worker/domain/event.ts";
import { Hearsay, joined } from "../events/join.ts";
import { recordsOf } from "../events/records.ts";
import { readCatalogFile } from "../onboarding/catalog-file.ts";
import { diffOf, type Diff } from "./diff.ts";
import { eventPathsOf } from "./event-paths.ts";
import { RELEASED, type Options } from "./options.ts";
import type { Alternative } from "./outlook.ts";
import { Releases } from "./releases.ts";
import { replayAll, type ReplayReport } from "./replay.ts";
import type { Found } from "./report.ts";
import type { Scoring } from "./scoring.ts";
import { Shop } from "./shop.ts";

/** Reports how far it is: decisions, and what is done with them. */
export type OnProgress = (done: number, note: string) => void;

const ESTIMATION = { confidence: 0.95, seed: 1 };

/** Rejects where something named cannot be read. */
export async function replayLog(options: Options, onProgress: OnProgress): Promise<Found> {
  const paths = await eventPathsOf(options.events);
  const releases = new Releases();
  for (const place of [RELEASED, ...options.releases]) await releases.add(place);
  const { models } = await readCatalogFile(options.catalog);
  const shop = await Shop.of(models, releases);
  try {
    // Its place may be where the records' own weights lie too.
    const scoring = options.weights === undefined ? undefined : await shop.named(options.weights);
    function log() {
      return ofTenant(recordsOf(paths), options.tenant);
    }
    const replay = await replayAll(log(), shop, (done) => onProgress(done, "made again"));
    const next = { scoring, knobs: options.knobs ?? {} };
    const diff = isOther(replay, { scoring, isDiff: options.isDiff })
      ? await compare(log, { shop, next, onProgress })
      : undefined;
    return { replay, diff, next: nameOf(next) };
  } finally {
    await shop.close();
  }
}

async function* ofTenant(
  records: AsyncIterable<LogRecord>,
  tenant: string | undefined,
): AsyncGenerator<LogRecord> {
  for await (const record of records)
    if (tenant === undefined || record.tenant === tenant) yield record;
}

function isOther(
  { weights }: ReplayReport,
  { scoring, isDiff }: { scoring: Scoring | undefined; isDiff: boolean },
): boolean {
  return (
    isDiff || (scoring !== undefined && [...weights.keys()].some((one) => one !== scoring.label))
  );
}

async function compare(
  log: () => AsyncIterable<LogRecord>,
  { shop, next, onProgress }: { shop: Shop; next: Alternative; onProgress: OnProgress },
): Promise<Diff> {
  const hearsay = new Hearsay();
  for await (const record of log()) hearsay.hear(record);
  let done = 0;
  async function* counted() {
    for await (const one of joined(log(), hearsay)) {
      yield one;
      onProgress(++done, "compared");
    }
  }
  return diffOf(counted(), {
    catalog: { models: shop.catalog, digest: shop.catalogDigest },
    next,
    scoringOf: (record) => shop.scoringOf(record),
    estimation: ESTIMATION,
  });
}

function nameOf({ scoring, knobs }: Alternative): string {
  const parts = [
    ...(scoring === undefined ? [] : [`weights ${scoring.label}`]),
    ...(Object.keys(knobs).length === 0 ? [] : [`policy ${JSON.stringify(knobs)}`]),
  ];
  return parts.join(" and ") || "the same";
}
