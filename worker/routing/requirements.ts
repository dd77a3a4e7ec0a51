/**
 * What a request needs of a model, and the models that cannot give it.
 *
 * A model that lacks what was asked for, or is known to refuse it, is left out with the reason; nothing is
 * ever dropped from the request to make a model fit. Audio, pictures and files are looked for in all messages, because
 * a conversation once seen must be seen again. Fields that nobody here knows are the vendor's to judge.
 */
import type { CatalogModel, REFUSALS } from "../../router-models/catalog.ts";
import { canBePlaced } from "../../router-models/expected-score.ts";
import type { Prompt } from "../../router-models/features/prompt.ts";
import type { ChatRequest } from "../domain/chat.ts";
import type { Exclusion } from "../domain/decision.ts";
import type { Policy } from "../domain/policy.ts";
import { isRecord } from "../lib/json.ts";
import { countParts, partsOf } from "./prompt-of.ts";

type Refusal = (typeof REFUSALS)[number];

const LACKS = {
  tools: "lacks_tools",
  vision: "lacks_vision",
  audio: "lacks_audio",
  audio_output: "lacks_audio_output",
  files: "lacks_files",
  web_search: "lacks_web_search",
  json: "lacks_json",
  reasoning: "lacks_reasoning",
} as const satisfies Record<string, Exclusion>;

type Need = keyof typeof LACKS;

export interface Requirements {
  readonly capabilities: readonly Need[];
  /** What the request asks for that some models refuse; absent where there is nothing. */
  readonly wishes?: readonly Refusal[];
  /** Input, and the answer that the client asked room for. */
  readonly contextTokens: number;
  /** What the client allows an answer to have, where it says so. */
  readonly maxOutputTokens?: number;
  /** Answers to the one prompt, each of which is paid for; 1 where not given. */
  readonly answers?: number;
}

type RequestFields = Pick<ChatRequest, "messages"> & Partial<ChatRequest>;

/** Whether a request asks for it. A value that asks for the default asks for nothing. */
const WISHES: Readonly<Record<Refusal, (request: RequestFields) => boolean>> = {
  n: ({ n }) => (n ?? 1) > 1,
  logprobs: ({ logprobs, top_logprobs: top }) => logprobs === true || isOtherThan(0, top),
  logit_bias: ({ logit_bias: bias }) => isRecord(bias) && Object.keys(bias).length > 0,
  penalties: (request) =>
    isOtherThan(0, request["frequency_penalty"]) || isOtherThan(0, request["presence_penalty"]),
  sampling: ({ temperature, top_p: topP, top_k: topK }) =>
    isOtherThan(1, temperature) || isOtherThan(1, topP) || typeof topK === "number",
  temperature_above_1: ({ temperature }) => typeof temperature === "number" && temperature > 1,
  json_object: ({ response_format: format }) => format?.type === "json_object",
  other_files: ({ messages }) => partsOf(messages, "file").some(({ file }) => isOtherFile(file)),
  chat_only_tools: (request) => hasTools(request) && isChatOnly(request),
  streamed_json: ({ stream, response_format: format }) => stream === true && isJson(format),
};

function isJson(format: RequestFields["response_format"]): boolean {
  return format?.type === "json_object" || format?.type === "json_schema";
}

function hasTools({ tools, functions }: RequestFields): boolean {
  return [tools, functions].some((list) => Array.isArray(list) && list.length > 0);
}

/** The smallest bound on an answer's tokens that OpenAI's newer API takes. */
const LEAST_LIMIT = 16;

/** Whether OpenAI's newer API, by which its newer models take tools, has no words for it. */
function isChatOnly(request: RequestFields): boolean {
  const { seed, stop, functions, prediction } = request;
  const lists = [stop, functions].flatMap((value): unknown[] =>
    Array.isArray(value) ? value : [value],
  );
  const others = [seed, prediction, request["web_search_options"], ...lists];
  const limit = request.max_completion_tokens ?? request.max_tokens ?? LEAST_LIMIT;
  if (limit < LEAST_LIMIT || others.some((value) => value !== undefined && value !== null))
    return true;
  return (["n", "logprobs", "logit_bias", "penalties"] as const).some((wish) =>
    WISHES[wish](request),
  );
}

/** Whether a file's content is given, and as something else than a PDF. */
function isOtherFile(file: unknown): boolean {
  const data = isRecord(file) ? file["file_data"] : undefined;
  return typeof data === "string" && !/^data:application\/pdf[;,]/i.test(data);
}

function isOtherThan(usual: number, value: unknown): boolean {
  return typeof value === "number" && value !== usual;
}

function wishesOf(request: RequestFields): Refusal[] {
  const wishes: Refusal[] = [];
  let wish: Refusal;
  for (wish in WISHES) if (WISHES[wish](request)) wishes.push(wish);
  return wishes;
}

function needsOf(request: RequestFields, prompt: Prompt): Need[] {
  const { messages, modalities } = request;
  const asks: Readonly<Record<Need, boolean>> = {
    tools: hasTools(request),
    vision: prompt.imageCount > 0,
    audio: countParts(messages, "input_audio") > 0,
    audio_output: Array.isArray(modalities) && modalities.includes("audio"),
    files: countParts(messages, "file") > 0,
    web_search: isRecord(request["web_search_options"]),
    json: prompt.wantsJson,
    reasoning: wantsReasoning(request),
  };
  const needs: Need[] = [];
  let need: Need;
  for (need in asks) if (asks[need]) needs.push(need);
  return needs;
}

/** `prompt` is the request as the router saw it, with its estimated tokens: neither is worked out twice. */
export function requirementsOf(
  request: RequestFields,
  { prompt, inputTokens }: { prompt: Prompt; inputTokens: number },
): Requirements {
  const wishes = wishesOf(request);
  const maxOutputTokens = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  return {
    capabilities: needsOf(request, prompt),
    ...(wishes.length > 0 && { wishes }),
    contextTokens: inputTokens + (maxOutputTokens ?? 0),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(typeof request.n === "number" && { answers: request.n }),
  };
}

/** Whether a model must be one that thinks: others refuse a request that speaks of it. */
function wantsReasoning({ thinking, reasoning_effort: effort }: RequestFields): boolean {
  if (typeof effort === "string") return effort !== "none";
  return isRecord(thinking) && thinking["type"] !== "disabled";
}

/** Who may be chosen, whatever the request needs. */
export interface Choice {
  readonly policy: Policy;
  /** Whether the deployment can call the model's vendor. */
  readonly isServed: (modelId: string) => boolean;
  /** The model that the client named, which need not have a place among the others. */
  readonly pinned?: string | undefined;
}

/** Why `model` cannot serve the request, or undefined when it can. */
export function exclusionOf(
  model: CatalogModel,
  needs: Requirements,
  { policy, isServed, pinned }: Choice,
): Exclusion | undefined {
  if (policy.allow_models !== undefined && !policy.allow_models.includes(model.id))
    return "not_allowed";
  if (!isServed(model.id)) return "no_vendor_key";
  if (model.id !== pinned && !canBePlaced(model)) return "not_placed";
  const lacking = needs.capabilities.find((name) => !model.capabilities.includes(name));
  if (lacking !== undefined) return LACKS[lacking];
  const refused = needs.wishes?.find((wish) => model.refuses?.includes(wish));
  if (refused !== undefined) return `refuses_${refused}`;
  if (needs.contextTokens > model.contextTokens) return "context_too_small";
  return undefined;
}

/**
 * Whether `model` can be asked for a stream by a client that wants a whole answer. It cannot where its catalogue entry
 * says so (without `streaming`; with `streamed_json` where a form is asked for), nor for audio, of which only `pcm16` is
 * streamed. Several answers, tools and logprobs come in streams wherever they come at all. What is not known here:
 * OpenAI refuses streams of newer models to organisations that it has not verified.
 */
export function canStream(request: RequestFields, model: CatalogModel): boolean {
  const { modalities, audio } = request;
  const speaks = Array.isArray(modalities) && modalities.includes("audio");
  if (speaks && !(isRecord(audio) && audio["format"] === "pcm16")) return false;
  const isRefused =
    model.refuses?.includes("streamed_json") && WISHES.streamed_json({ ...request, stream: true });
  return model.capabilities.includes("streaming") && isRefused !== true;
}
