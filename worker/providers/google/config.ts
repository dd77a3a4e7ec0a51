/**
 * How an answer is to be made, as Gemini's `generationConfig`: limits, sampling, form, thinking.
 *
 * Thinking has two scales. Up to the second generation it is a number of tokens, later one of four
 * levels; Gemini 3 cannot stop thinking altogether, and its Pro models know no `minimal`, so there the
 * lowest level stands for "none". Thoughts are asked for where the client speaks of thinking, since a
 * model that does not think refuses the question.
 *
 * Sources: https://ai.google.dev/api/generate-content#GenerationConfig,
 * https://ai.google.dev/gemini-api/docs/openai#thinking (efforts in levels and tokens)
 */
import type { ChatRequest } from "../../domain/chat.ts";
import { isRecord } from "../../lib/json.ts";
import { unaskable } from "./parts.ts";

/** Fields that have another name only. */
const RENAMED: Readonly<Record<string, string>> = {
  n: "candidateCount",
  seed: "seed",
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  presence_penalty: "presencePenalty",
  frequency_penalty: "frequencyPenalty",
  logprobs: "responseLogprobs",
  top_logprobs: "logprobs",
};

/** The config, empty where the request asks for nothing special. Throws RouterError. */
export function generationConfigOf(
  request: ChatRequest,
  upstreamModel: string,
): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request)) {
    const ours = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
    if (ours !== undefined && value !== null) config[ours] = value;
  }
  const limit = request.max_completion_tokens ?? request.max_tokens;
  if (typeof limit === "number") config["maxOutputTokens"] = limit;
  const { stop } = request;
  if (typeof stop === "string") config["stopSequences"] = [stop];
  else if (Array.isArray(stop)) config["stopSequences"] = stop;
  Object.assign(config, formOf(request));
  const thinking = thinkingOf(request, upstreamModel);
  if (thinking !== undefined) config["thinkingConfig"] = thinking;
  return config;
}

function formOf({ response_format: format }: ChatRequest): Record<string, unknown> {
  switch (format?.type) {
    case undefined:
    case "text":
      return {};
    case "json_object":
      return { responseMimeType: "application/json" };
    case "json_schema": {
      const { json_schema: named } = format;
      if (!isRecord(named) || !isRecord(named["schema"]))
        throw unaskable("response_format.json_schema.schema", "must be an object");
      return { responseMimeType: "application/json", responseJsonSchema: named["schema"] };
    }
    default:
      throw unaskable("response_format.type", "must be text, json_object or json_schema");
  }
}

const BUDGET: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};
const LEVEL: Readonly<Record<string, string>> = {
  none: "minimal",
  minimal: "minimal",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
  max: "high",
};

/** @returns `thinkingConfig`, or undefined where the client leaves it to the model. */
function thinkingOf(
  request: ChatRequest,
  upstreamModel: string,
): Record<string, unknown> | undefined {
  const { thinking } = request;
  if (isRecord(thinking) && thinking["type"] !== "disabled") {
    const { budget_tokens: budget } = thinking;
    return { includeThoughts: true, ...(typeof budget === "number" && { thinkingBudget: budget }) };
  }
  const effort = isRecord(thinking) ? "none" : (request["reasoning_effort"] ?? undefined);
  return effort === undefined ? undefined : effortOf(effort, upstreamModel);
}

function effortOf(effort: unknown, upstreamModel: string): Record<string, unknown> {
  if (typeof effort !== "string" || !Object.hasOwn(LEVEL, effort))
    throw unaskable("reasoning_effort", `must be one of ${Object.keys(LEVEL).join(", ")}`);
  const wants = effort !== "none" && { includeThoughts: true };
  if (/^gemini-[12]\b/.test(upstreamModel)) return { ...wants, thinkingBudget: BUDGET[effort] };
  const level = LEVEL[effort];
  const hasMinimal = !upstreamModel.includes("-pro");
  return { ...wants, thinkingLevel: level === "minimal" && !hasMinimal ? "low" : level };
}
