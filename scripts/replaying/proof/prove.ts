/** The proof itself: traffic, its events, and each of its decisions made again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import catalogJson from "../../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../../router-models/catalog.ts";
import { recordsOf } from "../../events/records.ts";
import { RELEASED } from "../options.ts";
import { Releases } from "../releases.ts";
import { replayAll, type ReplayReport } from "../replay.ts";
import { Shop } from "../shop.ts";
import { sendTraffic, type Traffic, type TrafficOptions } from "./traffic.ts";

export interface Proof {
  readonly traffic: Traffic;
  readonly replay: ReplayReport;
  readonly replaySeconds: number;
  /** What the decisions were for, by reason: a proof of one kind alone would be none. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Decisions that were moved by what had been learnt. */
  readonly lifted: number;
}

export interface ProofOptions extends Omit<TrafficOptions, "models" | "folder" | "onRequest"> {
  /** Kept where it is given. */
  readonly folder: string | undefined;
  readonly onProgress: (done: number, note: string) => void;
}

/** Rejects where something does not start. */
export async function prove(options: ProofOptions): Promise<Proof> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "sluice-proof-")));
  const { models } = parseCatalog(catalogJson);
  const releases = new Releases();
  await releases.add(RELEASED);
  const shop = await Shop.of(models, releases);
  try {
    const traffic = await sendTraffic({
      ...options,
      folder,
      models: models.map(({ id }) => id),
      onRequest: (done) => options.onProgress(done, "asked"),
    });
    const startedMs = performance.now();
    const replay = await replayAll(recordsOf(traffic.paths), shop, (done) =>
      options.onProgress(done, "made again"),
    );
    const replaySeconds = (performance.now() - startedMs) / 1_000;
    return { traffic, replay, replaySeconds, ...(await kindsOf(traffic.paths)) };
  } finally {
    await shop.close();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function kindsOf(paths: readonly string[]): Promise<Pick<Proof, "reasons" | "lifted">> {
  const reasons = new Map<string, number>();
  let lifted = 0;
  for await (const record of recordsOf(paths)) {
    if (record.kind !== "decision") continue;
    const { moment, decision } = record;
    reasons.set(decision.reason, (reasons.get(decision.reason) ?? 0) + 1);
    if (Object.keys(moment.lifts).length > 0 || moment.caution > 0) lifted++;
  }
  return { reasons, lifted };
}

/** Whether all that was answered was logged, and all that was logged came out equal. */
export function isProven({ traffic, replay }: Proof): boolean {
  const { decisions, equal, equalFromScores } = replay;
  return traffic.missing === 0 && decisions > 0 && equal + equalFromScores === decisions;
}
