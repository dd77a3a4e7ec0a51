/**
 * The Responses API's object of an answer, all but its output: what it is called, what was asked, what was used.
 *
 * The settings are the request's own words, or null where the vendor's default held and is not known here. Ids
 * are the request's id with another prefix, so that an answer, its items and its log lines name one another.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses/object
 */
import { isRecord } from "../../../lib/json.ts";
import type { RequestTag } from "../../../pipeline/ports.ts";
import { readUsage } from "../../../pipeline/usage.ts";
import type { ResponsesRequest } from "./request-schema.ts";

/** What is known of a response before its first byte. */
export interface ResponseFrame {
  /** The request's id without its prefix; ids of the response and its items are made of it. */
  readonly key: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** @param model The one that answers, as the catalogue has it. */
export function frameOf(asked: ResponsesRequest, tag: RequestTag, model: string): ResponseFrame {
  const key = tag.id.slice(tag.id.indexOf("_") + 1);
  return {
    key,
    fields: {
      id: `resp_${key}`,
      object: "response",
      created_at: Math.floor(tag.startedMs / 1000),
      model,
      ...settingsOf(asked),
    },
  };
}

/** Settings that are null where they were not given. */
const NULLABLE = [
  "instructions",
  "max_output_tokens",
  "prompt_cache_key",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "temperature",
  "top_logprobs",
  "top_p",
] as const satisfies readonly (keyof ResponsesRequest)[];

/** What a request for anything else is refused. */
const FIXED = {
  access_programs: null,
  background: false,
  max_tool_calls: null,
  previous_response_id: null,
  store: false,
  truncation: "disabled",
} as const;

function settingsOf(asked: ResponsesRequest): Record<string, unknown> {
  const { text, tools } = asked;
  return {
    ...FIXED,
    ...Object.fromEntries(NULLABLE.map((name) => [name, asked[name] ?? null])),
    metadata: asked.metadata ?? {},
    parallel_tool_calls: asked.parallel_tool_calls ?? true,
    reasoning: reasoningView(asked),
    text: { ...text, format: text?.format ?? { type: "text" } },
    tool_choice: asked.tool_choice ?? "auto",
    tools: (tools ?? []).map(toolView),
    ...(asked.user && { user: asked.user }),
  };
}

function reasoningView({ reasoning }: ResponsesRequest) {
  const summary = reasoning?.summary ?? reasoning?.generate_summary ?? null;
  return { effort: reasoning?.effort ?? null, summary };
}

function toolView(tool: NonNullable<ResponsesRequest["tools"]>[number]) {
  return { ...tool, parameters: tool.parameters ?? null, strict: tool.strict ?? false };
}

/** A chat answer's usage in this format's words; null where the vendor reported none. */
export function usageView(usage: unknown): Record<string, unknown> | null {
  const counts = readUsage(usage);
  if (counts === undefined || !isRecord(usage)) return null;
  return {
    input_tokens: counts.input,
    input_tokens_details: {
      cached_tokens: counts.cachedInput,
      cache_write_tokens: countIn(usage["prompt_tokens_details"], "cache_write_tokens"),
    },
    output_tokens: counts.output,
    output_tokens_details: {
      reasoning_tokens: countIn(usage["completion_tokens_details"], "reasoning_tokens"),
    },
    total_tokens: counts.input + counts.output,
  };
}

function countIn(details: unknown, name: string): number {
  const count = isRecord(details) ? details[name] : undefined;
  return typeof count === "number" ? count : 0;
}
