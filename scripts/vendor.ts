/**
 * The simulated vendor: a real HTTP server on the loopback interface that speaks OpenAI's formats for chat and
 * embeddings for every model of the catalogue, so that the whole service runs and is tested without an account, a
 * key or a network. Each vendor of the catalogue has its own base URL, `/<vendor>/v1`; Anthropic's and Google's
 * speak their own formats too, and OpenAI's and Azure's the Responses API.
 *
 * Answers depend on model, prompt and seed. Speed comes from the catalogue. Faults come on demand: see
 * simulation/faults.ts. Under `/__sim/` are the requests that arrived (`GET requests`), new faults
 * (`POST faults {fault, vendor?, model?, times?}`), the door for what a stall holds back (`POST release`), and the
 * bill (`GET bill`, of one request `GET bill?request_id=…`; `DELETE bill` begins another).
 *
 * Run: `node scripts/vendor.ts --help`. From code: `startVendor`.
 */
import { createServer, type Server } from "node:http";
import { parseArgs } from "node:util";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import {
  parseCatalog,
  type Catalog,
  type CatalogEmbedding,
  type CatalogModel,
} from "../router-models/catalog.ts";
import { readNumber, readPort, readWhole } from "./command-line/values.ts";
import { ANTHROPIC_FORMAT } from "./simulation/anthropic-format.ts";
import { Bill } from "./simulation/bill.ts";
import {
  answerChat,
  readJson,
  sendJson,
  upstreamName,
  type Call,
  type Simulation,
} from "./simulation/chat-call.ts";
import { answerEmbeddings } from "./simulation/embedding-call.ts";
import {
  FAULT_WORDS,
  FaultBook,
  parseFaultRule,
  readPostedFault,
  type Fault,
  type FaultRule,
} from "./simulation/faults.ts";
import { Gate } from "./simulation/gate.ts";
import { googleFormatAt } from "./simulation/google-format.ts";
import { OPENAI_CHAT_FORMAT } from "./simulation/openai-chat-format.ts";
import { paceOf, type Pace } from "./simulation/pace.ts";
import { RequestLog } from "./simulation/request-log.ts";
import { RESPONSES_FORMAT } from "./simulation/responses-format.ts";
import type { WebhookReceiver } from "./simulation/webhook-receiver.ts";
import {
  MISTRAL_FORMAT,
  OPENAI_FORMAT,
  vendorError,
  type VendorFormat,
} from "./simulation/wire-format.ts";

/** Longer than a client keeps a connection idle, or a reused connection may be closed under its request. */
const KEEP_ALIVE_MS = 120_000;
/** Connections that may wait to be accepted while an answer is made up; the system may allow fewer. */
const BACKLOG = 8_192;

export interface VendorOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** How many times faster than the catalogue says; 0, the default, means without delays. */
  readonly speed?: number;
  /** One pace for all models, instead of the catalogue's. */
  readonly pace?: Pace;
  /** Changes every answer; 0 by default. */
  readonly seed?: number;
  readonly faults?: readonly FaultRule[];
  /** The fault of each request that no rule strikes; none by default. */
  readonly drawFault?: () => Fault | undefined;
  /** How many requests are remembered; 500 by default. */
  readonly keptRequests?: number;
  /** Who takes in what is posted to /webhooks; nobody by default. */
  readonly webhooks?: WebhookReceiver;
  /** The models on offer; the shipped catalogue by default. */
  readonly catalog?: Catalog;
}

/** A running vendor. Whoever started it closes it. */
export interface Vendor {
  /** `http://127.0.0.1:PORT`, to which a vendor's base URL adds `/<vendor>/v1`. */
  readonly url: string;
  readonly port: number;
  readonly requests: RequestLog;
  /** What it charges. */
  readonly bill: Bill;
  readonly faults: FaultBook;
  /** Lets every request that a stall or a step holds back go on. */
  release(): void;
  /** Closes the port and every connection. */
  close(): Promise<void>;
}

/** Starts a vendor on 127.0.0.1. Rejects with Node's EADDRINUSE error where the port is taken. */
export async function startVendor(options: VendorOptions = {}): Promise<Vendor> {
  const { port = 0, speed = 0, pace, seed = 0, faults = [], webhooks } = options;
  const { models, embeddings } = options.catalog ?? parseCatalog(catalogJson);
  const simulation: Simulation = {
    models,
    requests: new RequestLog(options.keptRequests),
    bill: new Bill(),
    drawFault: options.drawFault ?? (() => undefined),
    faults: new FaultBook(faults),
    gate: new Gate(),
    seed,
    paceFor: (model) => pace ?? paceOf(model, speed),
  };
  const server = createServer((request, response) => {
    const answered =
      webhooks !== undefined && request.url === "/webhooks"
        ? webhooks(request).then((status) => response.writeHead(status).end())
        : answer({ request, response }, simulation, embeddings);
    answered.catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await listen(server, port);
  const bound = portOf(server);
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    requests: simulation.requests,
    bill: simulation.bill,
    faults: simulation.faults,
    release: () => simulation.gate.release(),
    close: () => shut(server),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host: "127.0.0.1", backlog: BACKLOG }, resolve);
  await promise;
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === "string" || address === null) throw new Error("The server has no port.");
  return address.port;
}

async function shut(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}

async function answer(
  call: Call,
  simulation: Simulation,
  embeddings: readonly CatalogEmbedding[],
): Promise<void> {
  const { pathname } = new URL(call.request.url ?? "/", "http://vendor");
  const asked = `${call.request.method} ${pathname}`;
  if (pathname === "/healthz") return sendJson(call, 200, { ok: true });
  if (pathname.startsWith("/__sim/")) return control(asked, call, simulation);
  const [, vendor = "", endpoint = ""] = /\/([a-z0-9-]+)\/v1\/(.+)$/.exec(pathname) ?? [];
  const models = simulation.models.filter((m) => m.id.startsWith(`${vendor}/`));
  if (asked === `GET /${vendor}/v1/models`) return sendJson(call, 200, listOf(vendor, models));
  if (asked === `POST /${vendor}/v1/embeddings`) {
    const makers = embeddings.filter((m) => m.id.startsWith(`${vendor}/`));
    return answerEmbeddings(call, simulation, makers);
  }
  const format = asked.startsWith("POST ") ? formatAt(vendor, endpoint) : undefined;
  if (models.length > 0 && format !== undefined)
    return answerChat(call, simulation, { models, format });
  const message = `Nothing is served at ${asked}.`;
  return sendJson(call, 404, vendorError(message, "invalid_request_error"));
}

function listOf(vendor: string, models: readonly CatalogModel[]): object {
  const ids = models.map(upstreamName);
  const data = ids.map((id) => ({ id, object: "model", created: 0, owned_by: vendor }));
  return { object: "list", data };
}

/** The format that a vendor speaks at this endpoint; OpenAI's is one that all of them know. */
function formatAt(vendor: string, endpoint: string): VendorFormat | undefined {
  const isOpenAi = vendor === "openai" || vendor === "azure";
  if (endpoint === "chat/completions")
    return isOpenAi ? OPENAI_CHAT_FORMAT : vendor === "mistral" ? MISTRAL_FORMAT : OPENAI_FORMAT;
  if (endpoint === "responses") return isOpenAi ? RESPONSES_FORMAT : undefined;
  if (vendor === "anthropic") return endpoint === "messages" ? ANTHROPIC_FORMAT : undefined;
  return vendor === "google" ? googleFormatAt(endpoint) : undefined;
}

async function control(route: string, call: Call, simulation: Simulation): Promise<void> {
  switch (route) {
    case "GET /__sim/requests": {
      const requests = simulation.requests.all().map((record) => ({ ...record, ended: undefined }));
      return sendJson(call, 200, { requests });
    }
    case "DELETE /__sim/requests":
      simulation.requests.clear();
      break;
    case "GET /__sim/bill": {
      const { searchParams } = new URL(call.request.url ?? "/", "http://vendor");
      return sendJson(call, 200, simulation.bill.view(searchParams.get("request_id")));
    }
    case "DELETE /__sim/bill":
      simulation.bill.clear();
      break;
    case "DELETE /__sim/faults":
      simulation.faults.clear();
      break;
    case "POST /__sim/release":
      simulation.gate.release();
      break;
    case "POST /__sim/faults":
      try {
        simulation.faults.add(readPostedFault(await readJson(call.request)));
      } catch (error) {
        return sendJson(call, 400, vendorError(String(error), "invalid_request_error"));
      }
      break;
    default:
      return sendJson(call, 404, vendorError(`No ${route}.`, "invalid_request_error"));
  }
  return sendJson(call, 200, { ok: true });
}

const HELP = `Runs the simulated vendor on 127.0.0.1.

  --port N        port; 0 takes any free one (default 8788)
  --speed N       times faster than the catalogue's latency; 0 is without delays (default 10)
  --ttft-ms N     this time to the first token for every model, instead of the catalogue's; then at
                  2000 tokens a second, or at once for 0
  --seed N        changes every answer (default 0)
  --fault RULE    TARGET=FAULT, TARGET being vendor/model, vendor or *; may be given repeatedly
  --help          this text

Faults: ${FAULT_WORDS}.
A prompt may carry one too: "[sim:500]", "[sim:cut:after=3 model=openai/gpt-5.4]".`;

function fixedPace(ttftMs: number): Pace {
  return { ttftMs, tokensPerSecond: ttftMs === 0 ? Number.POSITIVE_INFINITY : 2_000 };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8788" },
      speed: { type: "string", default: "10" },
      seed: { type: "string", default: "0" },
      "ttft-ms": { type: "string" },
      fault: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const vendor = await startVendor({
    port: readPort("--port", values.port),
    speed: readNumber("--speed", values.speed),
    seed: readWhole("--seed", values.seed),
    ...(values["ttft-ms"] === undefined
      ? {}
      : { pace: fixedPace(readNumber("--ttft-ms", values["ttft-ms"])) }),
    faults: values.fault.map(parseFaultRule),
  });
  console.log(`The simulated vendor listens on ${vendor.url} (base URL ${vendor.url}/openai/v1).`);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void vendor.close());
}

if (import.meta.main)
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
