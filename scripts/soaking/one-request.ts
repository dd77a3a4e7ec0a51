/**
 * One request of a soak and what became of it: an answer or an error that ends as it must, a client that left by
 * itself, or something that no client should see. It is judged here, by the wire alone, without knowing the fault.
 */
import { isRecord } from "../../worker/lib/json.ts";

/** What is asked; `leaveAfterMs` makes it a client that hangs up. */
export interface SoakRequest {
  readonly id: string;
  readonly model: string;
  readonly isStream: boolean;
  readonly hedgeMs: number | undefined;
  readonly leaveAfterMs: number | undefined;
}

export type Ending = "answer" | "error" | "error in stream" | "left" | "invalid" | "hung";

export interface SoakResult {
  readonly request: SoakRequest;
  readonly ending: Ending;
  /** `200`, `429 upstream_rate_limited`, or what was wrong. */
  readonly detail: string;
  readonly requestId: string | undefined;
  /** As the client was told; undefined without an answer. */
  readonly costUsd: number | undefined;
  readonly hedgeCostUsd: number;
  /** Calls made; 0 where the client does not know. */
  readonly attempts: number;
  /** The vendor told no usage, so the price is a guess. */
  readonly isEstimate: boolean;
  readonly model: string | undefined;
  /** Everything that came, headers too, to be searched for keys. */
  readonly output: string;
}

/** Longer than the service may take for anything; what has not ended by then hangs. */
const HUNG_MS = 90_000;

/** Sends it and reads to the end. Never rejects. */
export async function soakOne(url: string, request: SoakRequest): Promise<SoakResult> {
  const gone = new AbortController();
  const leaving = request.leaveAfterMs;
  const leave = leaving === undefined ? undefined : setTimeout(() => gone.abort(), leaving);
  const hung = setTimeout(() => gone.abort("hung"), HUNG_MS);
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(bodyOf(request)),
      signal: gone.signal,
    });
    return judge(request, response, await response.text());
  } catch (error) {
    const ending =
      gone.signal.reason === "hung" ? "hung" : gone.signal.aborted ? "left" : "invalid";
    const detail = ending === "invalid" ? `connection: ${String(error)}` : ending;
    return { ...NOTHING, request, ending, detail };
  } finally {
    clearTimeout(leave);
    clearTimeout(hung);
  }
}

const NOTHING = {
  requestId: undefined,
  costUsd: undefined,
  hedgeCostUsd: 0,
  attempts: 0,
  isEstimate: false,
  model: undefined,
  output: "",
};

function bodyOf({ id, model, isStream, hedgeMs }: SoakRequest): object {
  return {
    model,
    stream: isStream,
    user: id,
    messages: [{ role: "user", content: `What is a tide, in short? (${id})` }],
    max_tokens: 200,
    ...(hedgeMs !== undefined && { sluice: { hedge: hedgeMs } }),
  };
}

function judge(request: SoakRequest, response: Response, text: string): SoakResult {
  const { headers } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const base = {
    ...NOTHING,
    request,
    requestId: headers.get("x-sluice-request-id") ?? undefined,
    model: headers.get("x-sluice-model") ?? undefined,
    output: `${JSON.stringify([...headers])}${text}`,
  };
  return { ...base, ...(isStream ? judgeStream(text) : judgePlain(response, text)) };
}

type Judged = Pick<SoakResult, "ending" | "detail"> & Partial<SoakResult>;

/** A completion with choices, or an error with a status that is one. */
function judgePlain({ status, headers }: Response, text: string): Judged {
  const body = objectIn(text);
  const error = isRecord(body?.["error"]) ? body["error"] : undefined;
  if (error !== undefined)
    return isSound(error) && status >= 400
      ? { ending: "error", detail: `${status} ${String(error["code"])}` }
      : { ending: "invalid", detail: `${status} with an error of no known shape` };
  const choices = body?.["choices"];
  if (status !== 200 || !Array.isArray(choices) || choices.length === 0)
    return { ending: "invalid", detail: `${status} without an answer` };
  const costUsd = Number(headers.get("x-sluice-cost-usd"));
  const hedgeCostUsd = Number(headers.get("x-sluice-hedge-cost-usd") ?? 0);
  const attempts = Number(headers.get("x-sluice-attempts"));
  return { ending: "answer", detail: "200", costUsd, hedgeCostUsd, attempts };
}

/** A stream ends with `[DONE]` behind a receipt, or with one error behind which nothing comes. */
function judgeStream(text: string): Judged {
  const data = text
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => block.slice("data: ".length));
  const chunks = data.filter((line) => line !== "[DONE]").map(objectIn);
  const errors = chunks.filter((chunk) => chunk?.["error"]);
  const last = chunks.at(-1);
  const isDone = data.at(-1) === "[DONE]";
  if (chunks.includes(undefined)) return { ending: "invalid", detail: "a chunk that is no JSON" };
  if (errors.length > 0) {
    const error = last?.["error"];
    if (isDone || errors.length > 1 || !isRecord(error) || !isSound(error))
      return { ending: "invalid", detail: "an error that does not end its stream" };
    return { ending: "error in stream", detail: `stream ${String(error["code"])}` };
  }
  const receipt = last?.["sluice"];
  if (!isDone || !isRecord(receipt)) return { ending: "invalid", detail: "a stream without end" };
  return {
    ending: "answer",
    detail: "200 stream",
    costUsd: Number(receipt["cost_usd"]),
    hedgeCostUsd: Number(receipt["hedge_cost_usd"] ?? 0),
    attempts: Number(receipt["attempts"]),
    isEstimate: receipt["is_usage_estimated"] === true,
  };
}

function isSound({ message, type, code }: Record<string, unknown>): boolean {
  return [message, type, code].every((word) => typeof word === "string" && word !== "");
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
