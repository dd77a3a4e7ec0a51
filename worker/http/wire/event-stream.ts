/** A streamed answer as a response: its events, as the client's wire format has them. */
import { sseBytes, type SseEvent } from "../../lib/sse.ts";
import type { StreamedAnswer } from "../../pipeline/answer.ts";
import { elapsed, type HttpContext } from "../context.ts";
import { answerHeaders } from "./headers.ts";

/** @param view What one of OpenAI's chunks is in the client's format; the chunk itself when left out. */
export function streamResponse(
  context: HttpContext,
  answer: StreamedAnswer,
  view?: (event: SseEvent) => readonly SseEvent[],
): Response {
  // Until the stream has ended the isolate must live, or its cost would go unrecorded.
  context.executionCtx.waitUntil(answer.ended);
  return new Response(sseBytes(answer.events, view), {
    headers: {
      ...answerHeaders(answer, elapsed(context)),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
    },
  });
}
