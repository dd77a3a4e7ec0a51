/**
 * One request of a storm, as its client sees it: an answer, one that its budget has ended, a refusal with the
 * numbers that it gives as its reason, or something that should not be.
 *
 * Node's own HTTP client, because thousands are under way at once, each on a connection of its own.
 */
import { request as httpRequest, type Agent, type IncomingHttpHeaders } from "node:http";
import { isRecord, jsonIn } from "../../worker/lib/json.ts";
import { countTokens } from "../simulation/pieces.ts";
import type { StormRequest } from "./requests.ts";

/** `broken`: the connection was, before the end of the answer. */
export type StormEnding = "answered" | "stopped" | "refused" | "failed" | "broken";

export interface StormResult {
  readonly request: StormRequest;
  readonly ending: StormEnding;
  /** `200`, `402 insufficient_quota`, or what was wrong. */
  readonly detail: string;
  readonly requestId?: string | undefined;
  /** Who answered. */
  readonly model?: string | undefined;
  /** What the client was told that it paid; absent without an answer. */
  readonly costMicroUsd?: number;
  /** Output tokens that the last read of a stream brought, as the vendor counts them. */
  readonly lastReadTokens?: number;
  /** What a refusal says: what was left, and what the request may cost. */
  readonly refusal?: { readonly leftMicroUsd: number; readonly asksMicroUsd: number };
}

export interface Door {
  readonly url: string;
  readonly key: string;
  readonly agent: Agent;
}

/** What has not ended by then counts as broken. */
const TIMEOUT_MS = 300_000;

/** Sends it and reads to the end. Never rejects. */
export async function callOnce(door: Door, request: StormRequest): Promise<StormResult> {
  try {
    return judged(request, await exchange(door, request));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { request, ending: "broken", detail: code };
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Where in the text each read began. */
  readonly reads: readonly number[];
}

async function exchange({ url, key, agent }: Door, ask: StormRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { model, isStream, content, format } = ask;
  const body = JSON.stringify({
    model,
    stream: isStream,
    messages: [{ role: "user", content }],
    response_format: format,
  });
  const sent = httpRequest(
    `${url}/v1/chat/completions`,
    {
      method: "POST",
      agent,
      timeout: TIMEOUT_MS,
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
    },
    (response) => {
      const { statusCode: status = 0, headers } = response;
      const reads: number[] = [];
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        reads.push(text.length);
        text += part;
      });
      response.once("end", () => resolve({ status, headers, text, reads }));
      response.once("error", reject);
    },
  );
  sent.once("timeout", () => sent.destroy(new Error("hung")));
  sent.once("error", reject).end(body);
  return promise;
}

function judged(request: StormRequest, answer: Answer): StormResult {
  const { headers } = answer;
  const base = {
    request,
    requestId: wordIn(headers["x-sluice-request-id"]),
    model: wordIn(headers["x-sluice-model"]),
  };
  const isStream = headers["content-type"]?.startsWith("text/event-stream") ?? false;
  return { ...base, ...(isStream ? judgedStream(answer) : judgedWhole(answer)) };
}

function wordIn(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

type Judged = Omit<StormResult, "request">;

function judgedWhole({ status, headers, text }: Answer): Judged {
  const body = objectIn(text);
  const error = body?.["error"];
  if (isRecord(error)) return judgedError(status, error);
  const cost = headers["x-sluice-cost-usd"];
  if (status !== 200 || !Array.isArray(body?.["choices"]) || typeof cost !== "string")
    return { ending: "failed", detail: `${status} without an answer` };
  const isStopped = headers["x-sluice-stopped"] === "budget";
  return {
    ending: isStopped ? "stopped" : "answered",
    detail: isStopped ? "200, stopped by the budget" : "200",
    costMicroUsd: microUsd(Number(cost)),
  };
}

const REASON = /has \$(\d+\.\d{6}) left, and this request may cost \$(\d+\.\d{6})/;

function judgedError(status: number, { code, message }: Record<string, unknown>): Judged {
  const detail = `${status} ${String(code)}`;
  const [, left, asks] = REASON.exec(String(message)) ?? [];
  if (status !== 402 || left === undefined || asks === undefined)
    return { ending: "failed", detail };
  const refusal = { leftMicroUsd: microUsd(Number(left)), asksMicroUsd: microUsd(Number(asks)) };
  return { ending: "refused", detail, refusal };
}

/** A lawful stream ends with `[DONE]` behind a receipt. */
function judgedStream({ text, reads }: Answer): Judged {
  const events = text.split("\n\n").filter((block) => block !== "");
  const chunks = events.slice(0, -1).map((block) => objectIn(block.slice("data: ".length)));
  const receipt = chunks.at(-1)?.["sluice"];
  if (events.at(-1) !== "data: [DONE]" || !isRecord(receipt)) {
    const error = objectIn(events.at(-1)?.slice("data: ".length) ?? "")?.["error"];
    const detail = isRecord(error) ? `stream ${String(error["code"])}` : "a stream without end";
    return { ending: "failed", detail };
  }
  const isStopped = receipt["stopped"] === "budget";
  const costMicroUsd = microUsd(Number(receipt["cost_usd"]));
  if (!isStopped) return { costMicroUsd, ending: "answered", detail: "200 stream" };
  const isLawful = chunks.some((chunk) => finishOf(chunk) === "length");
  if (!isLawful)
    return { costMicroUsd, ending: "failed", detail: "stopped without a finish_reason" };
  const lastReadTokens = tokensOfLastRead(text, reads);
  return {
    costMicroUsd,
    ending: "stopped",
    detail: "200 stream, stopped by the budget",
    lastReadTokens,
  };
}

/** Of the last read that had any text of the answer. */
function tokensOfLastRead(text: string, reads: readonly number[]): number {
  for (let at = reads.length - 1; at >= 0; at--) {
    const part = text.slice(reads[at], reads[at + 1]);
    const said = part.split("\n\n").map((block) => textOf(objectIn(block.slice("data: ".length))));
    const tokens = countTokens(said.join(""));
    if (tokens > 0) return tokens;
  }
  return 0;
}

function firstChoice(chunk: Record<string, unknown> | undefined): Record<string, unknown> {
  const choices = chunk?.["choices"];
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isRecord(first) ? first : {};
}

function finishOf(chunk: Record<string, unknown> | undefined): unknown {
  return firstChoice(chunk)["finish_reason"];
}

function textOf(chunk: Record<string, unknown> | undefined): string {
  const delta = firstChoice(chunk)["delta"];
  const content = isRecord(delta) ? delta["content"] : undefined;
  return typeof content === "string" ? content : "";
}

function objectIn(text: string): Record<string, unknown> | undefined {
  const value = jsonIn(text);
  return isRecord(value) ? value : undefined;
}

function microUsd(usd: number): number {
  return Math.round(usd * 1e6);
}
