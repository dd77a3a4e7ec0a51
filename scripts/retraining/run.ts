/**
 * One run: pull the events, make the dataset, train, judge, and put what passes on trial. Each stage is done once,
 * however often the run is killed; what serves is touched by the last one alone.
 */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { digestOfCatalog } from "../../router-models/catalog-digest.ts";
import catalogJson from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../router-models/catalog.ts";
import { wranglerKv } from "../cloudflare/kv-store.ts";
import { readCatalogFile } from "../onboarding/catalog-file.ts";
import { expectStorage, readAuthority, readTarget } from "../releasing/options.ts";
import { KEY_VARIABLE } from "../releasing/signing-keys.ts";
import { surveyBase } from "./base-rows.ts";
import type { Dataset } from "./dataset.ts";
import { findIncumbent, type Incumbent } from "./incumbent.ts";
import { takeLock, type Holder } from "./lock.ts";
import type { Options } from "./options.ts";
import {
  gather,
  judge,
  publish,
  pull,
  reportPath,
  train,
  type Context,
  type Host,
  type Judged,
} from "./stages.ts";
import { readLastRun, WorkFolder } from "./work-folder.ts";

/** How a run ended. */
export type Outcome =
  | { readonly kind: "held"; readonly by: Holder }
  | { readonly kind: "nothing"; readonly why: string }
  | ({ readonly kind: "published"; readonly serial: number } & Made)
  | ({ readonly kind: "refused" | "judged" } & Made);

interface Made {
  /** `version@sha256-12`, and where the release lies. */
  readonly weights: string;
  readonly release: string;
  readonly report: string;
  readonly learnt: number;
  readonly judged: number;
  readonly gates: Judged["gates"];
  /** Of the stages, those of before the process was killed included. */
  readonly seconds: Readonly<Record<string, number>>;
}

/** Rejects with what went wrong; another run then goes on from where this one was. */
export async function retrainOnce(options: Options, host: Host): Promise<Outcome> {
  const root = resolve(options.work);
  await mkdir(root, { recursive: true });
  const lock = await takeLock(root, { ...host.self, since: host.now().toISOString() });
  if (!("release" in lock)) return { kind: "held", by: lock };
  try {
    return await run(options, host, root);
  } finally {
    await lock.release();
  }
}

async function run(options: Options, host: Host, root: string): Promise<Outcome> {
  const context = await prepare(options, host, root);
  const { work } = context;
  const pulled = await pull(context);
  const why = await whyNot(context, pulled.digest);
  if (why !== undefined) return endWith(work, why);
  const base = await surveyBase(options);
  const { dataset, seconds } = await gather(context, pulled.paths, base);
  if (dataset.learnt === 0 || dataset.judged === 0) return endWith(work, whyNothing(dataset));
  const trained = await train(context, dataset, base);
  const judged = await judge(context, { dataset, trained });
  const times = {
    pulled: pulled.seconds,
    dataset: seconds,
    trained: trained.seconds,
    judged: judged.seconds,
  };
  return conclude(context, { dataset, judged, events: pulled.digest, seconds: times });
}

async function endWith(work: WorkFolder, why: string): Promise<Outcome> {
  await work.drop();
  return { kind: "nothing", why };
}

/** Everything that can be found wrong is found wrong here, before the training. */
async function prepare(options: Options, host: Host, root: string): Promise<Context> {
  const hasPlace = options.local || options.remote;
  const target = hasPlace || !options.isDry ? readTarget(options) : undefined;
  if (target !== undefined) await expectStorage(target);
  await readAuthority(options, host.env[KEY_VARIABLE]);
  const incumbent = await findIncumbent(options.incumbent, target && wranglerKv(target));
  const { models: catalog } =
    options.catalog === undefined
      ? parseCatalog(catalogJson)
      : await readCatalogFile(options.catalog);
  const identity = identityOf(options, incumbent, await digestOfCatalog(catalog));
  const opening = { identity, now: host.now(), restart: options.restart };
  const work = await WorkFolder.open(root, opening);
  if (work.isResumed) host.say(`Going on with the run that began at ${work.begunAt.toISOString()}`);
  return { options, host, root, work, incumbent, catalog, target };
}

const DAY_MS = 86_400_000;

/** Why there is nothing to do with these events; undefined where there is. */
async function whyNot(
  { options, host, root, incumbent: { trial } }: Context,
  events: string,
): Promise<string | undefined> {
  if (options.force) return undefined;
  const last = await readLastRun(root);
  // What was only judged is still to be published.
  if (last?.events === events && (last.outcome !== "judged" || options.isDry))
    return `no event is new since ${last.version}, ${last.at}`;
  const leftMs = trial && trial.changedMs + options.trialDays * DAY_MS - host.now().getTime();
  return !options.isDry && leftMs !== undefined && leftMs > 0
    ? `${trial!.version} is on trial; it is left alone until ${options.trialDays} days after the last change`
    : undefined;
}

/** All that decides what a run computes; the events are those that it has found at its beginning. */
function identityOf(options: Options, { release }: Incumbent, catalog: string): string {
  const { events, bucket, sinceDays, strict, sets, data, guessWeight, device, seed } = options;
  const { heldOut, confidence, limits, local, remote } = options;
  return JSON.stringify([
    [local, remote, events, bucket, sinceDays, strict, sets, data, guessWeight, device, seed],
    [heldOut, confidence, limits, release.id, catalog],
  ]);
}

function whyNothing({ decisions, unreadable, learnt }: Dataset): string {
  return (
    `${decisions} decisions, ${unreadable} of them without features or prompt, leave ` +
    `${learnt === 0 ? "none to learn from" : "none to judge by"}; a tenant's \`events\` says what is kept`
  );
}

interface Concluding {
  readonly dataset: Dataset;
  readonly judged: Judged;
  readonly events: string;
  readonly seconds: Readonly<Record<string, number>>;
}

async function conclude(
  context: Context,
  { dataset, judged, events, seconds }: Concluding,
): Promise<Outcome> {
  const { options, host, work, root } = context;
  const isPublished = judged.passed && !options.isDry;
  const serial = isPublished ? await publish(context) : undefined;
  const outcome = serial !== undefined ? "published" : judged.passed ? "judged" : "refused";
  const release = await work.finish({
    events,
    outcome,
    version: judged.weights,
    at: host.now().toISOString(),
  });
  const { weights, gates } = judged;
  const { learnt, judged: by } = dataset;
  const made = {
    weights,
    release,
    report: reportPath(options, root),
    learnt,
    judged: by,
    gates,
    seconds,
  };
  return serial === undefined
    ? { kind: judged.passed ? "judged" : "refused", ...made }
    : { kind: "published", serial, ...made };
}
