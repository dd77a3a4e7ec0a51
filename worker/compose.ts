/**
 * Env → the service, once per isolate. With compose-cache.ts and compose-learning.ts the only file that builds adapters
 * and hands them to one another.
 *
 * The router's runtime starts in global scope, by inference/bundled.ts; here it meets what only a
 * request's env has: the weights' KV namespace, the keys, the limits.
 */
import { digestOfCatalog } from "../router-models/catalog-digest.ts";
import catalogJson from "../router-models/catalog.json";
import { parseCatalog, type Catalog, type CatalogModel } from "../router-models/catalog.ts";
import { deliverAlerts, type AlertDelivered } from "./budget/alert-queue.ts";
import { AlertSender, type AlertSent } from "./budget/alert-sender.ts";
import { ledgersIn } from "./budget/ledgers.ts";
import { Treasury } from "./budget/treasury.ts";
import { Webhook } from "./budget/webhook.ts";
import { cacheOf } from "./compose-cache.ts";
import { learningOf, type Learning } from "./compose-learning.ts";
import { ConfigError, readConfig, type Config } from "./config.ts";
import { createApp } from "./http/app.ts";
import type { HttpDeps } from "./http/context.ts";
import { BUNDLED } from "./inference/bundled.ts";
import { RouterHost, type InferenceEvent } from "./inference/router-host.ts";
import { kvWeightsStore } from "./inference/weights-store.ts";
import { feedbackStore } from "./learning/feedback-object.ts";
import { JUDGE } from "./learning/judge.ts";
import { systemClock, type Clock } from "./lib/clock.ts";
import { pause, type Pause } from "./lib/pause.ts";
import { randomFrom } from "./lib/prng.ts";
import { createDispatch } from "./providers/dispatch.ts";
import { endpointsOf } from "./providers/endpoints.ts";
import { VENDORS } from "./providers/registry.ts";
import { sendThrough } from "./providers/workers-ai.ts";
import { LatencyBook } from "./routing/latency-book.ts";
import { PaceBook } from "./routing/pace.ts";
import { createLog, type Log } from "./telemetry/log.ts";
import { createAccessCheck } from "./tenants/access.ts";
import { createDirectory } from "./tenants/directory.ts";
import { createKeyCheck } from "./tenants/key-check.ts";
import { digestsUnder } from "./tenants/keys.ts";
import { KnownTenants } from "./tenants/known-tenants.ts";
import { createOperatorCheck } from "./tenants/operators.ts";
import { requestIdsUnder } from "./tenants/request-ids.ts";
import { CircuitBoard, NO_CIRCUITS, type NoticeExchange } from "./vitals/circuit-board.ts";

/** What the platform does by itself. */
interface Nature {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly pause: Pause;
}

export interface Service {
  /** Answers one request. */
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>;
  /** Looks for newer weights and other isolates' news, now and then. Never rejects; call it under waitUntil. */
  refresh(): Promise<void>;
  /** Tells operators about their budgets. */
  readonly alerts: AlertSender;
  /** Hands a batch of alerts to the webhook, or writes a batch of files, as its queue says. Never rejects. */
  deliver(batch: MessageBatch): Promise<void>;
  /** Does what is due by the clock. Never rejects. */
  scheduled(controller: Pick<ScheduledController, "scheduledTime">): Promise<void>;
}

/** Builds the service. Throws ConfigError, and when the catalogue or the bundled release is unsound. */
export function compose(env: Env): Service {
  const config = readConfig(env);
  const log = createLog(config.logLevel);
  const clock = systemClock;
  const catalog = withOwn(parseCatalog(catalogJson), config.ownModels);
  const endpoints = vendorEndpoints(env, config);
  const nature = { clock, random: unseenRandom(), pause };
  const parts = { ...nature, config, log };
  const circuits = circuitsOf(env, parts);
  const ledgers = ledgersIn({ objects: env.LEDGER, redis: config.redis });
  const told = alerting({ webhook: config.alertWebhook, queue: env.ALERTS }, parts);
  const treasury = treasuryOf(ledgers, { config, log, alerts: told.alerts });
  const cache = cacheOf(env, parts);
  const doors = doorsOf(env, config);
  const memory = { trafficOf: (weights: string) => host.trafficOf(weights) };
  const learning = learningOf(env, { ...parts, ...memory, directory: doors.directory });
  const host = hostOf(env, { config, catalog, log, learning });
  const app = createApp({
    pipeline: {
      scorer: host,
      embeddings: catalog.embeddings,
      keys: keysOf(endpoints),
      ...nature,
      dispatch: createDispatch({ ...nature, endpoints, timeouts: config.timeouts, circuits }),
      purses: treasury,
      cache: cache?.answers,
      events: learning.events,
      catalogDigest: digestOnce(catalog),
      judge: JUDGE,
      lessons: learning.lessons,
      latency: new LatencyBook(),
      pace: new PaceBook(),
      totalTimeoutMs: config.totalTimeoutMs,
      mintId: () => crypto.randomUUID().replaceAll("-", ""),
      log,
    },
    ...doors,
    feedback: env.FEEDBACK && feedbackStore(env.FEEDBACK),
    caches: cache?.keeper,
    events: learning.events,
    metrics: learning.metrics,
    requestIds: requestIdsUnder(config.keySecret),
    admin: {
      shut: ledgers && ((organisation, gate) => treasury.shut(organisation, gate)),
      ledgers: ledgers && treasury,
    },
    maxBodyBytes: config.maxBodyBytes,
    weights: () => host.weights,
  });
  return {
    fetch: (request, bindings, context) => app.fetch(request, bindings, context),
    async refresh() {
      await Promise.all([host.refresh(clock.nowMs()), circuits.exchange(), learning.refresh()]);
    },
    alerts: told.alerts,
    deliver: (batch) => (batch.queue.startsWith(EVENTS_QUEUE) ? learning : told).deliver(batch),
    scheduled: (controller) => learning.scheduled(controller),
  };
}

/** The queue's name in wrangler.toml, of which a dead letter queue's is made too. */
const EVENTS_QUEUE = "sluice-events";

function circuitsOf(
  { VITALS: vitals }: Env,
  { config, log, ...nature }: { config: Config; log: Log } & Nature,
): CircuitBoard | typeof NO_CIRCUITS {
  if (!config.hasCircuits) return NO_CIRCUITS;
  return new CircuitBoard({
    ...nature,
    others: vitals && meetingPlace(vitals),
    log: ({ event, ...fields }) => log.write("warn", event, fields),
  });
}

interface HostParts {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly log: Log;
  readonly learning: Pick<Learning, "halted">;
}

/** The router: the bundled release, and whatever is published. */
function hostOf({ WEIGHTS: kv }: Env, { config, catalog, log, learning }: HostParts): RouterHost {
  return new RouterHost({
    halted: () => learning.halted(),
    bundled: BUNDLED,
    catalog,
    store: kv && kvWeightsStore(kv),
    trusted: config.weightsPublicKeys,
    log: (event) => logInference(log, event),
    ttlMs: config.weightsTtlMs,
  });
}

/** Made when somebody wants it, and remembered. */
function digestOnce({ models }: Catalog): () => Promise<string> {
  let digest: Promise<string> | undefined;
  return () => (digest ??= digestOfCatalog(models));
}

/** Nobody knows its seed. */
function unseenRandom(): () => number {
  return randomFrom(crypto.getRandomValues(new Uint32Array(1))[0]!);
}

/** Without a webhook alerts are in the log alone, and without a queue as well. */
function alerting(
  { webhook: address, queue }: { webhook: Config["alertWebhook"]; queue: Env["ALERTS"] },
  { clock, random, log }: { clock: Clock; random: () => number; log: Log },
): Pick<Service, "alerts" | "deliver"> {
  const webhook = address && new Webhook({ ...address, clock });
  function tell({ event, ...fields }: AlertSent | AlertDelivered): void {
    const isLost = event === "budget_alerts_lost" || event === "alert_dropped";
    log.write(event === "alert_delivered" ? "info" : isLost ? "error" : "warn", event, fields);
  }
  return {
    alerts: new AlertSender({ outbox: webhook && queue, clock, log: tell }),
    deliver: (batch) => deliverAlerts(batch, { webhook, random, log: tell }),
  };
}

function keysOf(endpoints: ReturnType<typeof endpointsOf>): HttpDeps["pipeline"]["keys"] {
  const secrets = new Map(VENDORS.map(({ id, keyName }) => [id, keyName]));
  return {
    has: (vendorId) => endpoints.has(vendorId),
    size: endpoints.size,
    secretOf: (vendorId) => secrets.get(vendorId),
  };
}

function vendorEndpoints({ AI: ai }: Env, config: Config): ReturnType<typeof endpointsOf> {
  return endpointsOf({
    keys: config.vendorKeys,
    addresses: config.vendorAddresses,
    standInUrl: config.vendorBaseUrl,
    standInKeys: config.standInKeys,
    ownVendors: config.ownVendors,
    aiBinding: ai && sendThrough(ai),
  });
}

/** Longer than any request, with its settlement after it, so that a hold lapses only where its isolate is gone. */
const LEASE_GRACE_MS = 60_000;

/** Who keeps count: a ledger for each organisation, or nobody where there is no place for any. */
function treasuryOf(
  ledgerOf: ReturnType<typeof ledgersIn>,
  { config, log, alerts }: { config: Config; log: Log; alerts: AlertSender },
): Treasury {
  return new Treasury({
    ledgerOf,
    clock: systemClock,
    pause,
    leaseMs: config.totalTimeoutMs + LEASE_GRACE_MS,
    log: ({ event, ...fields }) => log.write("error", event, fields),
    onSettled: (caller, entries, settled) => alerts.settled(caller, entries, settled),
    onRefused: (caller, entry, balance) => alerts.refused(caller, entry, balance),
  });
}

/** Who may call, who may administer, and the directory that says so. */
function doorsOf(
  { DIRECTORY: namespace }: Env,
  config: Config,
): Pick<HttpDeps, "checkAccess" | "checkOperator" | "directory"> {
  const { apiKey, keySecret } = config;
  const checkOperator = createOperatorCheck({ ...config, clock: systemClock });
  if (namespace === undefined)
    return { checkAccess: createAccessCheck({ apiKey }), checkOperator, directory: undefined };
  const digests = keySecret === undefined ? undefined : digestsUnder(keySecret);
  const directory = createDirectory({
    object: () => namespace.getByName("all"),
    digests,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  });
  const known = new KnownTenants({ directory, clock: systemClock });
  const checkKey = digests && createKeyCheck({ known, digests, clock: systemClock });
  const checkAccess = createAccessCheck({ apiKey, tenants: { known, checkKey } });
  return { checkAccess, checkOperator, directory };
}

/** All isolates meet at one object: what they tell is little, and only together is it the whole. */
function meetingPlace(vitals: NonNullable<Env["VITALS"]>): NoticeExchange {
  return { exchange: (told) => vitals.getByName("all").exchange(told) };
}

/** The catalogue and the deployment's own models. Throws ConfigError where both have one. */
function withOwn(catalog: Catalog, own: readonly CatalogModel[]): Catalog {
  const ids = new Set(catalog.models.map(({ id }) => id));
  for (const { id } of own) {
    if (ids.has(id))
      throw new ConfigError(
        `Correct the deployment's variables: COMPATIBLE_VENDORS must not list ${id} again`,
      );
    ids.add(id);
  }
  return own.length === 0 ? catalog : { ...catalog, models: [...catalog.models, ...own] };
}

function logInference(log: Log, { event, ...fields }: InferenceEvent): void {
  const isNews = event === "weights_swapped" || event === "weights_loaded";
  log.write(isNews ? "info" : "error", event, fields);
}
