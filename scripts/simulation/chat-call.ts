/**
 * One call of the simulated vendor, between Node's HTTP server and the parts that know nothing of it: reads the
 * body, refuses it or makes the answer, picks the fault, and watches for a client that leaves. What is sent when is
 * exchange.ts's business.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { CatalogModel } from "../../router-models/catalog.ts";
import { lineFor, type Bill } from "./bill.ts";
import { completionOf } from "./completion.ts";
import { carryOut, type Exchange, type Outlet, type Waits } from "./exchange.ts";
import { markedFault, parseFault, type Fault, type FaultBook } from "./faults.ts";
import type { Gate } from "./gate.ts";
import { slowed, tokensBy, type Pace } from "./pace.ts";
import type { OpenRecord, RequestLog } from "./request-log.ts";
import { isRefusal, lastUserText, type VendorRequest } from "./vendor-request.ts";
import type { VendorFormat } from "./wire-format.ts";

/** Larger than any router passes on. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** A request and the response to it. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What all calls of one vendor share. */
export interface Simulation {
  readonly models: readonly CatalogModel[];
  readonly requests: RequestLog;
  readonly bill: Bill;
  readonly faults: FaultBook;
  readonly gate: Gate;
  readonly seed: number;
  /** Asked for each request that no rule and no marker strikes. */
  readonly drawFault: () => Fault | undefined;
  readonly paceFor: (model: CatalogModel) => Pace;
}

interface Answering {
  readonly open: OpenRecord;
  readonly fault: Fault | undefined;
  readonly read: VendorRequest;
  readonly model: CatalogModel;
  readonly format: VendorFormat;
}

/** The name by which the vendor itself knows a model. */
export function upstreamName(model: CatalogModel): string {
  return model.upstreamModel ?? model.id.slice(model.id.indexOf("/") + 1);
}

/** Answers with a JSON object and ends the response. */
export function sendJson({ response }: Call, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The body of a request as JSON; undefined where it is not JSON. Rejects above 32 MiB. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`The body is larger than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Carries out one chat completion by one of `models`, from the body to the last byte. */
export async function answerChat(
  call: Call,
  simulation: Simulation,
  { models, format }: { models: readonly CatalogModel[]; format: VendorFormat },
): Promise<void> {
  const body = await readJson(call.request);
  const read = format.read(body);
  if (isRefusal(read)) return sendJson(call, 400, format.error(400, read.message, read));
  const model = models.find((m) => upstreamName(m) === read.model);
  if (model === undefined) {
    const message = `The model \`${read.model}\` does not exist.`;
    return sendJson(call, 404, format.error(404, message, { param: "model" }));
  }
  const vendor = model.id.slice(0, model.id.indexOf("/"));
  const { headers } = call.request;
  const isStream = read.stream ?? false;
  const open = simulation.requests.open({
    vendor,
    model: model.id,
    upstreamModel: read.model,
    isStream,
    headers,
    body,
  });
  let fault: Fault | undefined;
  try {
    fault =
      headerFault(call.request) ??
      markedFault(lastUserText(read), { vendor, model: model.id }) ??
      simulation.faults.take({ vendor, model: model.id }) ??
      simulation.drawFault();
  } catch (error) {
    open.end("failed");
    return sendJson(call, 400, format.error(400, String(error)));
  }
  await send(call, { open, fault, read, model, format }, simulation);
}

function headerFault({ headers }: IncomingMessage): Fault | undefined {
  const header = headers["x-sim-fault"];
  return typeof header === "string" ? parseFault(header) : undefined;
}

async function send(call: Call, answering: Answering, simulation: Simulation): Promise<void> {
  const { open, fault, read, model, format } = answering;
  const startedMs = performance.now();
  const gone = new AbortController();
  call.response.once("close", () => {
    // A connection that the fault dropped has ended its record already.
    if (!call.response.writableFinished) open.end("aborted");
    gone.abort();
  });
  const waits: Waits = {
    async until(dueMs) {
      const leftMs = dueMs - (performance.now() - startedMs);
      if (leftMs > 0) await sleep(leftMs, undefined, { signal: gone.signal });
      gone.signal.throwIfAborted();
    },
    release: () => simulation.gate.wait(gone.signal),
  };
  const completion = completionOf(read, model, simulation.seed);
  open.note(completion.billed, fault);
  charge(answering, { simulation, startedMs });
  const exchange: Exchange = {
    completion,
    credential: call.request.headers.authorization,
    label: { model: read.model, createdS: Math.floor(Date.now() / 1_000), echo: read["echo"] },
    format,
    isStream: read.stream ?? false,
    hasUsage: format.hasUsageUnasked ?? read.stream_options?.include_usage ?? false,
    pace: simulation.paceFor(model),
    fault,
  };
  try {
    open.end(await carryOut(exchange, outletTo(call.response, open), waits));
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

/** Puts the call on the bill as soon as it has ended. */
function charge(
  { open: { record }, fault, model }: Answering,
  { simulation, startedMs }: { simulation: Simulation; startedMs: number },
): void {
  const end = simulation.bill.begin();
  const { headers, isStream } = record;
  void record.ended.then((state) => {
    const billed = record.billed!;
    // A plain answer is sent when it is made: who leaves before that has nothing of what there is.
    const isUnsent = state === "aborted" && !isStream && fault?.kind !== "stall";
    const ownPace = simulation.paceFor(model);
    const pace = fault?.kind === "slow" ? slowed(ownPace, fault.factor) : ownPace;
    const unsent = isUnsent ? tokensBy(pace, performance.now() - startedMs) : 0;
    const madeTokens = Math.max(record.madeTokens, Math.min(unsent, billed.completionTokens));
    end(lineFor({ headers, model, state, billed, madeTokens }));
  });
}

function outletTo(response: ServerResponse, open: OpenRecord): Outlet {
  return {
    head(status, headers) {
      response.writeHead(status, headers);
      response.flushHeaders();
    },
    async write(text) {
      open.sent();
      if (!response.write(text) && !response.destroyed) await drained(response);
    },
    made: (tokens) => open.made(tokens),
    end: () => void response.end(),
    destroy() {
      open.end("failed");
      response.destroy();
    },
  };
}

async function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}
