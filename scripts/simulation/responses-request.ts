/**
 * What the simulated vendor reads of a request to OpenAI's Responses API: refuses it in OpenAI's words or says it in
 * those of chat, in which answers are made up. Nothing is ever stored, so every id of an item is unknown.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses/create
 */
import type { z } from "zod";
import {
  responsesRequestSchema,
  type ContentPart,
  type InputItem,
  type ResponsesRequest,
  type Tool,
  type ToolChoice,
} from "./responses-schema.ts";
import { readVendorRequest, type Refusal, type VendorRequest } from "./vendor-request.ts";

type Issue = z.core.$ZodIssue;
type Fields = Record<string, unknown>;

/** The request in the words of chat, or why it is refused. Never throws. */
export function readResponsesRequest(json: unknown): VendorRequest | Refusal {
  const parsed = responsesRequestSchema.safeParse(json, { reportInput: true });
  if (!parsed.success) return refusalOf(innermost(parsed.error.issues[0]!));
  const items = itemsOf(parsed.data);
  return (
    unknownItem(items) ??
    unpaired(items) ??
    unofferedTool(parsed.data) ??
    readVendorRequest(inWordsOfChat(parsed.data, items))
  );
}

/** Of the alternatives, the one that fits on the outside and is wrong within. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const firsts = issue.errors.flatMap(([first]) => first ?? []);
  const within = firsts.find(({ code, path }) => path.length > 0 || code === "invalid_union");
  return within === undefined
    ? issue
    : innermost({ ...within, path: [...issue.path, ...within.path] });
}

function refusalOf(issue: Issue): Refusal {
  const at = nameOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    const param = nameOf([...issue.path, issue.keys[0] ?? ""]);
    return { message: `Unknown parameter: '${param}'.`, param, code: "unknown_parameter" };
  }
  const { input } = issue;
  if (input === undefined && at !== "") {
    const message = `Missing required parameter: '${at}'.`;
    return { message, param: at, code: "missing_required_parameter" };
  }
  if (issue.code === "too_small" && typeof input === "number") {
    const message = `Invalid '${at}': integer below minimum value. Expected a value >= ${issue.minimum}, but got ${input} instead.`;
    return { message, param: at, code: "integer_below_min_value" };
  }
  return {
    message: `Invalid '${at || "body"}': ${issue.message}`,
    param: at || null,
    code: "invalid_value",
  };
}

/** As OpenAI writes it: `input[0].content`. */
function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "");
}

function itemsOf({ input }: ResponsesRequest): readonly InputItem[] {
  return typeof input === "string" ? [{ role: "user", content: input }] : input;
}

function unknownItem(items: readonly InputItem[]): Refusal | undefined {
  const id = items.map((each) => each.id).find((each) => typeof each === "string");
  if (id === undefined) return undefined;
  const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`;
  return { message, param: "input" };
}

/** Every call must have an output after it, and every output a call before it. */
function unpaired(items: readonly InputItem[]): Refusal | undefined {
  const open = new Set<string>();
  for (const each of items) {
    if (each.type === "function_call") open.add(each.call_id);
    if (each.type !== "function_call_output" || open.delete(each.call_id)) continue;
    const message = `No tool call found for function call output with call_id ${each.call_id}.`;
    return { message, param: "input" };
  }
  const [id] = open;
  if (id === undefined) return undefined;
  return { message: `No tool output found for function call ${id}.`, param: "input" };
}

function unofferedTool({ tools = [], tool_choice: choice }: ResponsesRequest): Refusal | undefined {
  const isDemand = typeof choice === "object" || choice === "required";
  if (!isDemand) return undefined;
  const offered = new Set(tools.map((each) => each.name));
  const kind = typeof choice === "object" ? choice.type : choice;
  const asked = typeof choice === "object" ? ("tools" in choice ? choice.tools : [choice]) : tools;
  if (offered.size > 0 && asked.every((each) => offered.has(each.name))) return undefined;
  return { message: `Tool choice '${kind}' not found in 'tools' parameter.`, param: "tool_choice" };
}

function inWordsOfChat(asked: ResponsesRequest, items: readonly InputItem[]): Fields {
  const { instructions, tools = [], tool_choice: choice, reasoning, text } = asked;
  const isAllowed = typeof choice === "object" && choice.type === "allowed_tools";
  const allowed = isAllowed ? new Set(choice.tools.map((each) => each.name)) : undefined;
  const format = text?.format;
  return {
    model: asked.model,
    messages: [
      ...(instructions ? [{ role: "system", content: instructions }] : []),
      ...items.flatMap(messageOf),
    ],
    stream: asked.stream,
    stream_options: { include_usage: true },
    max_completion_tokens: asked.max_output_tokens,
    tools: tools.filter((each) => allowed?.has(each.name) ?? true).map(toolOf),
    tool_choice: choice && choiceOf(choice),
    parallel_tool_calls: asked.parallel_tool_calls,
    response_format:
      format?.type === "json_schema"
        ? { type: format.type, json_schema: { schema: format.schema } }
        : format,
    shows_thinking: Boolean(reasoning?.summary ?? reasoning?.generate_summary),
    echo: settingsOf(asked),
  };
}

function messageOf(each: InputItem): Fields[] {
  if (each.type === "reasoning" || each.type === "item_reference") return [];
  if (each.type === "function_call") {
    const { call_id: id, name: called, arguments: json } = each;
    const call = { id, type: "function", function: { name: called, arguments: json } };
    return [{ role: "assistant", content: null, tool_calls: [call] }];
  }
  if (each.type === "function_call_output")
    return [{ role: "tool", tool_call_id: each.call_id, ...contentOf(each.output) }];
  return [{ role: each.role, ...contentOf(each.content) }];
}

function contentOf(content: string | readonly ContentPart[]): Fields {
  if (typeof content === "string") return { content };
  return {
    content: content.map(partOf),
    is_cached: content.some((part) => "prompt_cache_breakpoint" in part),
  };
}

function partOf(part: ContentPart): Fields {
  if (part.type === "input_image") return { type: "image_url" };
  if (part.type === "input_file") return { type: "file" };
  return { type: "text", text: part.type === "refusal" ? part.refusal : part.text };
}

function toolOf({ name: called, description, parameters }: Tool): Fields {
  const described = { ...(description && { description }), ...(parameters && { parameters }) };
  return { type: "function", function: { name: called, ...described } };
}

function choiceOf(choice: ToolChoice): unknown {
  if (typeof choice === "string") return choice;
  return "mode" in choice ? choice.mode : { type: "function", function: { name: choice.name } };
}

/** What a response repeats of its request, with what OpenAI sets where it says nothing. */
const SETTINGS = {
  background: false,
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  prompt_cache_retention: null,
  safety_identifier: null,
  service_tier: "default",
  store: true,
  temperature: 1,
  tool_choice: "auto",
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
  user: null,
} as const satisfies Partial<Record<keyof ResponsesRequest, unknown>>;

function settingsOf(asked: ResponsesRequest): Fields {
  const { reasoning, text, tools = [], ...rest } = asked;
  const given: Fields = rest;
  return {
    ...Object.fromEntries(
      Object.entries(SETTINGS).map(([field, usual]) => [field, given[field] ?? usual]),
    ),
    reasoning: {
      effort: reasoning?.effort ?? "medium",
      summary: reasoning?.summary ?? reasoning?.generate_summary ?? null,
    },
    text: { format: { type: "text" }, verbosity: "medium", ...text },
    tools: tools.map((each) => ({ ...each, strict: each.strict ?? true })),
  };
}
