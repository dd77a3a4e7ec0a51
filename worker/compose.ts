/**
 * Env → the service, once per isolate. The only file that builds adapters and hands them to one another.
 *
 * The router's runtime starts in global scope, by inference/bundled.ts; here it meets what only a
 * request's env has: the weights' KV namespace, the keys, the limits.
 */
import catalogJson from "../router-models/catalog.json";
import { parseCatalog, type Catalog, type CatalogModel } from "../router-models/catalog.ts";
import { ConfigError, readConfig } from "./config.ts";
import { createApp } from "./http/app.ts";
import { BUNDLED } from "./inference/bundled.ts";
import { RouterHost, type InferenceEvent } from "./inference/router-host.ts";
import { kvWeightsStore } from "./inference/weights-store.ts";
import { systemClock } from "./lib/clock.ts";
import { pause } from "./lib/pause.ts";
import { randomFrom } from "./lib/prng.ts";
import { createDispatch } from "./providers/dispatch.ts";
import { endpointsOf } from "./providers/endpoints.ts";
import { VENDORS } from "./providers/registry.ts";
import { sendThrough } from "./providers/workers-ai.ts";
import { LatencyBook } from "./routing/latency-book.ts";
import { createLog, type Log } from "./telemetry/log.ts";
import { createAccessCheck } from "./tenants/access.ts";
import { CircuitBoard, NO_CIRCUITS, type NoticeExchange } from "./vitals/circuit-board.ts";

export interface Service {
  /** Answers one request. */
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>;
  /** Looks for newer weights and other isolates' news, now and then. Never rejects; call it under waitUntil. */
  refresh(): Promise<void>;
}

/** Builds the service. Throws ConfigError, and when the catalogue or the bundled release is unsound. */
export function compose(env: Env): Service {
  const config = readConfig(env);
  const log = createLog(config.logLevel);
  const clock = systemClock;
  const catalog = withOwn(parseCatalog(catalogJson), config.ownModels);
  const host = new RouterHost({
    bundled: BUNDLED,
    catalog,
    store: env.WEIGHTS && kvWeightsStore(env.WEIGHTS),
    log: (event) => logInference(log, event),
    ttlMs: config.weightsTtlMs,
  });
  const endpoints = endpointsOf({
    keys: config.vendorKeys,
    addresses: config.vendorAddresses,
    standInUrl: config.vendorBaseUrl,
    standInKeys: config.standInKeys,
    ownVendors: config.ownVendors,
    aiBinding: env.AI && sendThrough(env.AI),
  });
  const random = randomFrom(crypto.getRandomValues(new Uint32Array(1))[0]!);
  const nature = { clock, random, pause };
  const circuits = config.hasCircuits
    ? new CircuitBoard({
        clock,
        random,
        others: env.VITALS && meetingPlace(env.VITALS),
        log: ({ event, ...fields }) => log.write("warn", event, fields),
      })
    : NO_CIRCUITS;
  const secrets = new Map(VENDORS.map(({ id, keyName }) => [id, keyName]));
  const app = createApp({
    pipeline: {
      scorer: host,
      embeddings: catalog.embeddings,
      keys: {
        has: (vendorId) => endpoints.has(vendorId),
        size: endpoints.size,
        secretOf: (vendorId) => secrets.get(vendorId),
      },
      ...nature,
      dispatch: createDispatch({ ...nature, endpoints, timeouts: config.timeouts, circuits }),
      latency: new LatencyBook(),
      totalTimeoutMs: config.totalTimeoutMs,
      mintId: () => crypto.randomUUID().replaceAll("-", ""),
      log,
    },
    checkAccess: createAccessCheck(config.apiKey),
    maxBodyBytes: config.maxBodyBytes,
    weights: () => host.weights,
  });
  return {
    fetch: (request, bindings, context) => app.fetch(request, bindings, context),
    async refresh() {
      await Promise.all([host.refresh(clock.nowMs()), circuits.exchange()]);
    },
  };
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
  log.write(event === "weights_swapped" ? "info" : "error", event, fields);
}
