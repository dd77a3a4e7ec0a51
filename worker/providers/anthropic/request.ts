/**
 * OpenAI's chat request as the body of Anthropic's `POST /messages`.
 *
 * Each field of OpenAI's has one of four fates. It is translated; it is left out because it never bound
 * anybody (`seed` is best effort by OpenAI's own words, `store` and the prompt cache's key concern OpenAI's
 * account); it is left out because it has the value that means nothing, such as one answer or no penalty;
 * or it is refused by name. A field that OpenAI does not have goes through as it came, so Anthropic's own
 * (`top_k`, `thinking`, `cache_control`, …) work, and what nobody knows is refused by Anthropic.
 *
 * Sampling is the caller's to leave alone: newer models refuse any temperature and top_p but the default,
 * which is 1 at both vendors and therefore not sent.
 *
 * Sources: https://platform.claude.com/docs/en/api/messages,
 * https://platform.claude.com/docs/en/build-with-claude/effort, …/adaptive-thinking, …/structured-outputs
 */
import type { ChatRequest } from "../../domain/chat.ts";
import { isRecord } from "../../lib/json.ts";
import { conversationOf, isGiven, noWordsFor } from "./turns.ts";

type Fields = Record<string, unknown>;

/**
 * Tokens of an answer, thinking included, where the client sets no limit but Anthropic demands one: the
 * most that every model since Claude 4 can give, and more than any answer that is forecast.
 */
const DEFAULT_MAX_TOKENS = 32_000;

/** Fields that are translated below, and our own. */
const TRANSLATED = fieldSet(
  "model messages stream stream_options max_tokens max_completion_tokens tools tool_choice " +
    "parallel_tool_calls response_format stop stop_sequences user safety_identifier metadata " +
    "service_tier temperature top_p reasoning_effort thinking output_config sluice",
);

/** Fields that bind nobody: a wish for luck, the vendor's own storage and caches. */
const HINTS = fieldSet("seed store prediction prompt_cache_key prompt_cache_retention");

/** Fields that Anthropic has no counterpart of, with the value that asks for nothing, as JSON. */
const NEUTRAL = new Map([
  ["n", "1"],
  ["logprobs", "false"],
  ["top_logprobs", "0"],
  ["logit_bias", "{}"],
  ["frequency_penalty", "0"],
  ["presence_penalty", "0"],
  ["modalities", '["text"]'],
  ["verbosity", '"medium"'],
  ["audio", ""],
  ["web_search_options", ""],
  ["functions", "[]"],
  ["function_call", '"none"'],
]);

function fieldSet(names: string): ReadonlySet<string> {
  return new Set(names.split(" "));
}

/** The body that asks `model`. Throws RouterError for what Anthropic has no words for. */
export function messagesBody(request: ChatRequest, model: string): Fields {
  const { system, messages } = conversationOf(request.messages);
  const thinking = thinkingOf(request);
  return {
    ...passedOn(request),
    model,
    max_tokens: maxTokensOf(request, thinking),
    ...(system.length > 0 && { system }),
    messages,
    ...(request.stream && { stream: true }),
    ...toolFields(request),
    ...(thinking !== undefined && { thinking }),
    ...outputConfigOf(request),
    ...stopOf(request),
    ...samplingOf(request),
    ...userOf(request),
    ...tierOf(request),
  };
}

function passedOn(request: ChatRequest): Fields {
  const kept: Fields = {};
  for (const [name, value] of Object.entries(request)) {
    if (!isGiven(value) || TRANSLATED.has(name) || HINTS.has(name)) continue;
    const neutral = NEUTRAL.get(name);
    if (neutral === undefined) kept[name] = value;
    else if (JSON.stringify(value) !== neutral)
      throw noWordsFor(name, `the field ${name}`, "leave it out");
  }
  return kept;
}

function maxTokensOf(request: ChatRequest, thinking: unknown): number {
  const limit = request.max_completion_tokens ?? request.max_tokens;
  if (isGiven(limit)) return limit!;
  const budget = isRecord(thinking) ? thinking["budget_tokens"] : undefined;
  return DEFAULT_MAX_TOKENS + (typeof budget === "number" ? budget : 0);
}

/** How much to think, by OpenAI's words. Anthropic knows no less than "low". */
const EFFORTS = new Map<unknown, string | undefined>([
  ["none", undefined],
  ["minimal", "low"],
  ["low", "low"],
  ["medium", "medium"],
  ["high", "high"],
  ["xhigh", "xhigh"],
  ["max", "max"],
]);

/** The client's own `thinking`, else what its effort means: models differ in what they do unasked. */
function thinkingOf({ thinking, reasoning_effort: effort }: ChatRequest): unknown {
  if (isGiven(thinking) || !isGiven(effort)) return thinking ?? undefined;
  return { type: effort === "none" ? "disabled" : "adaptive" };
}

function outputConfigOf(request: ChatRequest): Fields {
  const { reasoning_effort: asked, output_config: given } = request;
  if (isGiven(asked) && !EFFORTS.has(asked))
    throw noWordsFor("reasoning_effort", `the effort ${JSON.stringify(asked)}`, "use low to max");
  const effort = EFFORTS.get(asked);
  const format = formatOf(request);
  const config = {
    ...(isRecord(given) && given),
    ...(effort !== undefined && { effort }),
    ...(format !== undefined && { format }),
  };
  return Object.keys(config).length > 0 ? { output_config: config } : {};
}

function formatOf({ response_format: wanted }: ChatRequest): Fields | undefined {
  if (!isGiven(wanted) || wanted?.type === "text") return undefined;
  const spec = wanted?.["json_schema"];
  if (wanted?.type === "json_schema" && isRecord(spec) && isRecord(spec["schema"])) {
    const { schema, description } = spec;
    return {
      type: "json_schema",
      schema: { ...(isGiven(description) && { description }), ...schema },
    };
  }
  throw noWordsFor(
    "response_format",
    `the format ${wanted?.type}`,
    "use json_schema with a schema",
  );
}

function toolFields({ tools, tool_choice: choice, parallel_tool_calls: mayBeMany }: ChatRequest) {
  const converted = tools?.map(toolOf) ?? [];
  const one = mayBeMany === false && { disable_parallel_tool_use: true };
  const wanted = isGiven(choice) ? choiceOf(choice) : { type: "auto" };
  const isSaid = isGiven(choice) || (one && converted.length > 0);
  return {
    ...(converted.length > 0 && { tools: converted }),
    ...(isSaid && { tool_choice: wanted.type === "none" ? wanted : { ...wanted, ...one } }),
  };
}

function toolOf(tool: NonNullable<ChatRequest["tools"]>[number]): Fields {
  const { type, function: fn, ...more } = tool;
  if (type !== "function" || !isRecord(fn)) return tool; // One that Anthropic itself carries out.
  const { parameters, ...named } = fn;
  const given = Object.entries({ ...more, ...named }).filter(([, value]) => isGiven(value));
  const schema = isRecord(parameters) ? parameters : {};
  return { ...Object.fromEntries(given), input_schema: { type: "object", ...schema } };
}

function choiceOf(choice: unknown): { type: string; name?: unknown } {
  if (choice === "auto" || choice === "none") return { type: choice };
  if (choice === "required") return { type: "any" };
  if (isRecord(choice) && choice["type"] === "function" && isRecord(choice["function"]))
    return { type: "tool", name: choice["function"]["name"] };
  throw noWordsFor("tool_choice", "this choice", "use auto, none, required or one function");
}

function stopOf({ stop, stop_sequences: own }: ChatRequest): Fields {
  const given = isGiven(stop) ? stop : own;
  if (!isGiven(given)) return {};
  const sequences: unknown[] = Array.isArray(given) ? given : [given];
  if (sequences.some((text) => typeof text !== "string" || text.trim() === ""))
    throw noWordsFor("stop", "a stop text of white space only", "stop at visible characters");
  return sequences.length > 0 ? { stop_sequences: sequences } : {};
}

function samplingOf({ temperature, top_p: topP }: ChatRequest): Fields {
  if (typeof temperature === "number" && temperature > 1)
    throw noWordsFor("temperature", `a temperature of ${temperature}`, "use 0 to 1");
  return {
    ...(isGiven(temperature) && temperature !== 1 && { temperature }),
    ...(isGiven(topP) && topP !== 1 && { top_p: topP }),
  };
}

/** Of `metadata`, whose other labels are for OpenAI's storage, Anthropic knows the user's id. */
function userOf({ user, safety_identifier: id, metadata }: ChatRequest): Fields {
  const userId = user ?? id ?? (isRecord(metadata) ? metadata["user_id"] : undefined);
  return typeof userId === "string" ? { metadata: { user_id: userId } } : {};
}

const TIERS = new Map<unknown, string>([
  ["auto", "auto"],
  ["default", "standard_only"],
  ["standard_only", "standard_only"],
]);

function tierOf({ service_tier: asked }: ChatRequest): Fields {
  if (!isGiven(asked)) return {};
  const tier = TIERS.get(asked);
  if (tier === undefined)
    throw noWordsFor("service_tier", `the tier ${JSON.stringify(asked)}`, "use auto or default");
  return { service_tier: tier };
}
