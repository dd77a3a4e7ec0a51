/** One chat request to a target, and when each part of its answer came, in milliseconds from its start. */
import { SseDecoder } from "../../worker/lib/sse.ts";
import type { Target } from "./targets.ts";

/** Long enough for a rhythm, short enough for thousands of them. */
const ANSWER_TOKENS = 32;

export interface Timing {
  readonly totalMs: number;
  /** When the first text of a streamed answer was there; a role alone is none. Absent for a whole one. */
  readonly firstTextMs?: number;
  /** What a cache had to do with it, where there is one. */
  readonly cache: string | null;
  /** When each event of a streamed answer was there; empty for a whole one. */
  readonly eventsMs: readonly number[];
}

interface Asked {
  readonly content: string;
  readonly stream: boolean;
  /** The most that it may have; what is cut short by it is no whole answer to a cache. */
  readonly answerTokens?: number;
}

/** Makes the call. Rejects unless the answer is whole: status 200, and `[DONE]` at a stream's end. */
export async function timedCall(
  target: Target,
  { content, stream, answerTokens = ANSWER_TOKENS }: Asked,
): Promise<Timing> {
  const body = {
    model: target.model,
    stream,
    max_completion_tokens: answerTokens,
    messages: [{ role: "user", content }],
  };
  const startedMs = performance.now();
  const response = await fetch(target.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...target.headers },
    body: JSON.stringify(body),
  });
  const cache = response.headers.get("x-sluice-cache");
  if (!response.ok || response.body === null)
    throw new Error(`${target.name} answered ${response.status}: ${await response.text()}`);
  if (!stream) {
    await response.json();
    return { totalMs: performance.now() - startedMs, cache, eventsMs: [] };
  }
  const decoder = new SseDecoder();
  const eventsMs: number[] = [];
  let firstTextMs: number | undefined;
  let last = "";
  for await (const bytes of response.body) {
    const nowMs = performance.now() - startedMs;
    for (const { data } of decoder.push(bytes)) {
      eventsMs.push(nowMs);
      if (/"content":\s*"[^"]/.test(data)) firstTextMs ??= nowMs;
      last = data;
    }
  }
  if (last !== "[DONE]") throw new Error(`${target.name} ended its stream with ${last}`);
  if (firstTextMs === undefined) throw new Error(`${target.name} answered without a word`);
  return { totalMs: performance.now() - startedMs, cache, eventsMs, firstTextMs };
}
