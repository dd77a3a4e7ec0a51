/**
 * A chat answer in the Responses API's format: chunks as typed events, or a completion as a response.
 *
 * Both are made by the same state, so the last event of a stream has what the answer without `stream` would be. An
 * event's name is its type, and its number is one more than that of the event before. There is no `[DONE]`: the
 * last event says by its type that it is the last.
 *
 * Source: https://platform.openai.com/docs/guides/streaming-responses
 */
import { errorBody, RouterError } from "../../../domain/errors.ts";
import { isRecord } from "../../../lib/json.ts";
import type { SseEvent } from "../../../lib/sse.ts";
import { AnswerState } from "./answer-state.ts";
import type { ResponseFrame } from "./response-object.ts";

/**
 * What goes out for each event of a chat stream, to be asked in order. An answer that is too long to hold fails as one
 * that the vendor breaks off does; asked on after that, it throws that RouterError, which closes the stream.
 */
export function responseEvents(frame: ResponseFrame): (event: SseEvent) => readonly SseEvent[] {
  let told: SseEvent[] = [];
  let count = 0;
  let refusal: RouterError | undefined;
  const state = new AnswerState(frame, (type, fields) => {
    told.push({ event: type, data: JSON.stringify({ type, sequence_number: count++, ...fields }) });
  });
  return ({ data }) => {
    told = [];
    if (refusal !== undefined) throw refusal;
    if (state.isOver) return told;
    if (count === 0) state.begin();
    try {
      const chunk: unknown = data === "[DONE]" ? undefined : JSON.parse(data);
      if (isRecord(chunk)) state.take(chunk);
      else state.end();
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      refusal = error;
      state.take({ ...errorBody(error) });
    }
    return told;
  };
}

/** @param completion A chat completion. Throws RouterError for one that is too long to hold. */
export function wholeResponse(
  frame: ResponseFrame,
  completion: Record<string, unknown>,
): Record<string, unknown> {
  const state = new AnswerState(frame, () => {});
  const { choices } = completion;
  const list: unknown[] = Array.isArray(choices) ? choices : [];
  state.take({ ...completion, choices: list.map(asDelta) });
  state.end();
  return state.view();
}

/** A whole message is a delta that has everything; its calls are told apart by their places. */
function asDelta(choice: unknown): unknown {
  if (!isRecord(choice) || !isRecord(choice["message"])) return choice;
  const { message, ...rest } = choice;
  const calls = message["tool_calls"];
  const numbered = Array.isArray(calls) ? calls.map(numberedCall) : [];
  return { ...rest, delta: { ...message, tool_calls: numbered } };
}

function numberedCall(call: unknown, index: number): unknown {
  return isRecord(call) ? { ...call, index } : call;
}
