/**
 * OpenAI's Responses format, written out: the one object of a plain answer and the events of a streamed one. Where
 * thinking is billed, an item of reasoning comes first, with a summary if one was asked for; then a message, or
 * the calls. A frame holds the events of one moment: the beginning up to where the answer opens, then a piece
 * each, then what closes it, then the response's end.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses-streaming
 */
import { isRecord } from "../../worker/lib/json.ts";
import type { Billed, Choice, Completion, ToolCall } from "./completion.ts";
import { readResponsesRequest } from "./responses-request.ts";
import { OPENAI_FORMAT, type Label, type VendorFormat } from "./wire-format.ts";

type Fields = Record<string, unknown>;
type Event = Fields & { readonly type: string };

/** An item of the output: as it is when it begins, what is told of it, and as it is in the end. */
interface Item {
  readonly opened: Fields;
  readonly inside: readonly Event[];
  readonly done: Fields;
}

/** OpenAI's format beside chat, at `/responses`. */
export const RESPONSES_FORMAT: VendorFormat = {
  read: readResponsesRequest,
  body: (completion, label) => {
    const output = itemsOf(completion).map(({ done }) => done);
    return { ...ended(completion, label), output, usage: usageOf(completion.billed) };
  },
  frames: responseFrames,
  openingFrames: 1,
  frame: failure,
  end: "",
  error: (...given) => OPENAI_FORMAT.error(...given),
};

const INCOMPLETE: Partial<Record<Choice["finishReason"], string>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

function begun({ id }: Completion, { model, createdS, echo }: Label): Fields {
  return {
    id: id.replace("chatcmpl-", "resp_"),
    object: "response",
    created_at: createdS,
    status: "in_progress",
    completed_at: null,
    error: null,
    incomplete_details: null,
    model,
    output: [],
    usage: null,
    ...(isRecord(echo) && echo),
  };
}

function ended(completion: Completion, label: Label): Fields {
  const reason = reasonOf(completion.choices[0]);
  if (reason !== undefined)
    return { ...begun(completion, label), status: "incomplete", incomplete_details: { reason } };
  return { ...begun(completion, label), status: "completed", completed_at: label.createdS };
}

function reasonOf(choice: Choice | undefined): string | undefined {
  return choice && INCOMPLETE[choice.finishReason];
}

/** Without a choice (a fault's doing) there is nothing, not even a thought. */
function itemsOf({ id, choices: [choice], billed, thinking }: Completion): Item[] {
  if (choice === undefined) return [];
  const status = reasonOf(choice) === undefined ? "completed" : "incomplete";
  const answer =
    choice.toolCalls.length === 0
      ? [messageItem(choice.pieces, status)]
      : choice.toolCalls.map(callItem);
  const items = billed.reasoningTokens > 0 ? [reasoningItem(thinking), ...answer] : answer;
  return items.map(({ opened, inside, done }, index) => {
    const prefix = PREFIXES[String(done["type"])];
    const own = { id: id.replace("chatcmpl-", `${prefix}_`) + `_${index}` };
    const place = { item_id: own.id, output_index: index };
    return {
      opened: { ...own, ...opened },
      inside: inside.map((event) => ({ ...event, ...place })),
      done: { ...own, ...done },
    };
  });
}

const PREFIXES: Readonly<Record<string, string>> = {
  reasoning: "rs",
  message: "msg",
  function_call: "fc",
};

function reasoningItem(thinking: string | undefined): Item {
  const opened = { type: "reasoning", summary: [] };
  if (thinking === undefined) return { opened, inside: [], done: opened };
  const at = { summary_index: 0 };
  const part = summaryPart(thinking);
  const inside = [
    { type: "response.reasoning_summary_part.added", ...at, part: summaryPart("") },
    { type: "response.reasoning_summary_text.delta", ...at, delta: thinking },
    { type: "response.reasoning_summary_text.done", ...at, text: thinking },
    { type: "response.reasoning_summary_part.done", ...at, part },
  ];
  return { opened, inside, done: { ...opened, summary: [part] } };
}

function summaryPart(text: string): Fields {
  return { type: "summary_text", text };
}

function messageItem(pieces: readonly string[], status: string): Item {
  const text = pieces.join("");
  const opened = { type: "message", role: "assistant", status: "in_progress", content: [] };
  const at = { content_index: 0 };
  const inside = [
    { type: "response.content_part.added", ...at, part: textPart("") },
    ...pieces.map((delta) => ({ type: TEXT_PIECE, ...at, delta, logprobs: [] })),
    { type: "response.output_text.done", ...at, text, logprobs: [] },
    { type: "response.content_part.done", ...at, part: textPart(text) },
  ];
  return { opened, inside, done: { ...opened, status, content: [textPart(text)] } };
}

function textPart(text: string): Fields {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function callItem({ id, name, pieces }: ToolCall): Item {
  const json = pieces.join("");
  const head = { type: "function_call", call_id: id, name };
  const inside = [
    ...pieces.map((delta) => ({ type: CALL_PIECE, delta })),
    { type: "response.function_call_arguments.done", name, arguments: json },
  ];
  return {
    opened: { ...head, status: "in_progress", arguments: "" },
    inside,
    done: { ...head, status: "completed", arguments: json },
  };
}

const TEXT_PIECE = "response.output_text.delta";
const CALL_PIECE = "response.function_call_arguments.delta";

function responseFrames(completion: Completion, label: Label, hasUsage: boolean): string[] {
  const items = itemsOf(completion);
  const output = items.map(({ done }) => done);
  const usage = hasUsage ? usageOf(completion.billed) : null;
  const response: Fields = { ...ended(completion, label), output, usage };
  const events: Event[] = [
    { type: "response.created", response: begun(completion, label) },
    { type: "response.in_progress", response: begun(completion, label) },
    ...items.flatMap(({ opened, inside, done }, index): Event[] => [
      { type: "response.output_item.added", output_index: index, item: opened },
      ...inside,
      { type: "response.output_item.done", output_index: index, item: done },
    ]),
    { type: `response.${String(response["status"])}`, response },
  ];
  return piecewise(events.map(numbered)).map((group) => group.map(eventLines).join(""));
}

function numbered(event: Event, at: number): Event {
  return { ...event, sequence_number: at };
}

/** Each piece of the answer for itself, the end for itself, and what stands between two of these together. */
function piecewise(events: readonly Event[]): Event[][] {
  const groups: Event[][] = [];
  let isOpen = false;
  for (const [at, event] of events.entries()) {
    const isAlone =
      event.type === TEXT_PIECE || event.type === CALL_PIECE || at === events.length - 1;
    if (isOpen && !isAlone) groups.at(-1)!.push(event);
    else groups.push([event]);
    isOpen = !isAlone;
  }
  return groups;
}

function eventLines(event: Event): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A stream that has begun fails as a response as well. */
function failure(event: object, sent: readonly string[]): string {
  const error = "error" in event ? event.error : undefined;
  const datas = sent.join("").match(/(?<=^data: ).*$/gm) ?? [];
  const failed = numbered({ type: "error", error }, datas.length);
  const [created] = datas;
  if (created === undefined) return eventLines(failed);
  const { response }: { readonly response: Fields } = JSON.parse(created);
  const { code, message } = isRecord(error) ? error : {};
  const end = { ...response, status: "failed", error: { code, message } };
  return [failed, numbered({ type: "response.failed", response: end }, datas.length + 1)]
    .map(eventLines)
    .join("");
}

function usageOf(billed: Billed): Fields {
  const { promptTokens, cacheWriteTokens, completionTokens, reasoningTokens } = billed;
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: cacheWriteTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  };
}
