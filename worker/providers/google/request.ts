/**
 * A chat request as the Gemini API wants it: `generateContent`'s body.
 *
 * What has a counterpart is renamed. What is only a hint to a vendor's book-keeping, cache or eyesight is
 * left out, because no answer rests on it: HINTS, an image's `detail`, a speaker's `name`. Everything else
 * is refused with the field's name, and another vendor may be asked; Gemini refuses unknown fields itself.
 *
 * Gemini hears instructions before the conversation, so system messages move there in their order, later
 * ones too. Earlier thoughts stay behind: what the model needs of them are signatures, which travel on
 * tool calls and messages as `extra_content.google.thought_signature`, where Google's own layer for
 * OpenAI's clients puts them. A conversation that began at another vendor has none; Gemini 3 then wants
 * a fixed word in their place.
 *
 * Sources: https://ai.google.dev/api/generate-content, …/gemini-api/docs/{thought-signatures,thinking,
 * function-calling,file-input-methods,openai}
 */
import type { ChatMessage, ChatRequest } from "../../domain/chat.ts";
import { isRecord, jsonIn } from "../../lib/json.ts";
import { generationConfigOf } from "./config.ts";
import { partOf, unaskable, type GooglePart } from "./parts.ts";

/** Fields that are carried over, here and in config.ts. */
const CARRIED = namesIn(
  `model messages stream tools tool_choice extra_body sluice max_tokens max_completion_tokens n stop
   seed temperature top_p top_k presence_penalty frequency_penalty logprobs top_logprobs
   response_format reasoning_effort thinking`,
);
/** Fields that no answer depends on: whom it is for, what it is filed under, how to cache it. */
const HINTS = namesIn(
  `stream_options user metadata store safety_identifier service_tier prompt_cache_key
   prompt_cache_retention cache_control`,
);
/** OpenAI's defaults of fields that Gemini lacks, as JSON: who writes them out asks for nothing. */
const DEFAULTS: Readonly<Record<string, string>> = {
  parallel_tool_calls: "true",
  modalities: '["text"]',
  verbosity: '"medium"',
};
/** Says "this call was not made by a Gemini model", for conversations that began elsewhere. */
const NO_SIGNATURE = "skip_thought_signature_validator";

/** What the body holds besides, by the names that Google's layer for OpenAI's clients gave them. */
const EXTRAS: Readonly<Record<string, string>> = {
  cached_content: "cachedContent",
  safety_settings: "safetySettings",
};

interface Content {
  readonly role: "user" | "model";
  readonly parts: GooglePart[];
}

/** The body. Throws RouterError for what Gemini cannot be asked. */
export function googleBody(request: ChatRequest, upstreamModel: string): Record<string, unknown> {
  refuseUnknown(request);
  const extras = extrasOf(request);
  const instructions = request.messages.flatMap((message, index) =>
    isInstruction(message) ? partsOf(message, index) : [],
  );
  const config = generationConfigOf(request, upstreamModel);
  const body: Record<string, unknown> = { contents: contentsOf(request, upstreamModel) };
  if (instructions.length > 0) body["systemInstruction"] = { parts: instructions };
  Object.assign(body, toolsOf(request));
  for (const [name, ours] of Object.entries(EXTRAS))
    if (extras[name] !== undefined) body[ours] = extras[name];
  const thinking = extras["thinking_config"];
  if (thinking !== undefined) config["thinkingConfig"] = thinking;
  if (Object.keys(config).length > 0) body["generationConfig"] = config;
  return body;
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

function refuseUnknown(request: ChatRequest): void {
  for (const [name, value] of Object.entries(request)) {
    if (CARRIED.has(name) || HINTS.has(name) || isUnset(value)) continue;
    if (DEFAULTS[name] === JSON.stringify(value)) continue;
    throw unaskable(name, "has no counterpart in Gemini's API");
  }
}

/** What clients write for "not set". */
function isUnset(value: unknown): boolean {
  return value === undefined || value === null || (isRecord(value) && !Object.keys(value).length);
}

function extrasOf(request: ChatRequest): Record<string, unknown> {
  const { extra_body: extra } = request;
  if (isUnset(extra)) return {};
  const google = isRecord(extra) ? extra["google"] : undefined;
  const unknown = isRecord(google)
    ? Object.keys(google).find((name) => !(name in EXTRAS) && name !== "thinking_config")
    : "";
  if (unknown === undefined && isRecord(google)) return google;
  throw unaskable(
    "extra_body",
    "may hold google.cached_content, …safety_settings and …thinking_config",
  );
}

function isInstruction({ role }: ChatMessage): boolean {
  return role === "system" || role === "developer";
}

/** Turns in order; neighbours of one role are one turn, as Gemini wants the results of parallel calls. */
function contentsOf({ messages }: ChatRequest, upstreamModel: string): Content[] {
  const contents: Content[] = [];
  /** Names by id; of calls with one id the latest counts. */
  const callNames = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    if (isInstruction(message)) continue;
    const { role, parts } = turnOf(message, { index, callNames, upstreamModel });
    const last = contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) contents.push({ role, parts });
  }
  return contents;
}

interface Place {
  readonly index: number;
  readonly callNames: Map<string, string>;
  readonly upstreamModel: string;
}

function turnOf(message: ChatMessage, place: Place): Content {
  if (message.role === "tool" || message.role === "function")
    return { role: "user", parts: [resultOf(message, place)] };
  if (message.role !== "assistant") return { role: "user", parts: partsOf(message, place.index) };
  const parts = partsOf(message, place.index);
  const signature = signatureOf(message);
  const last = parts.at(-1);
  if (signature !== undefined && last !== undefined) last["thoughtSignature"] = signature;
  return { role: "model", parts: [...parts, ...callsOf(message, place)] };
}

function partsOf({ content }: ChatMessage, messageIndex: number): GooglePart[] {
  if (typeof content === "string") return content === "" ? [] : [{ text: content }];
  return (content ?? []).map((part, index) =>
    partOf(part, `messages[${messageIndex}].content[${index}]`),
  );
}

function callsOf(message: ChatMessage, { index, callNames, upstreamModel }: Place): GooglePart[] {
  const { tool_calls: calls } = message;
  if (!isUnset(message["function_call"]))
    throw unaskable(`messages[${index}].function_call`, "is OpenAI's old form; use tool_calls");
  if (!Array.isArray(calls)) return [];
  return calls.map((call: unknown, at) => {
    const field = `messages[${index}].tool_calls[${at}]`;
    const called = isRecord(call) ? call["function"] : undefined;
    if (!isRecord(call) || !isRecord(called) || typeof called["name"] !== "string")
      throw unaskable(field, "must be a function call");
    const { id } = call;
    if (typeof id === "string") callNames.set(id, called["name"]);
    const signature = signatureOf(call) ?? (at === 0 ? stand(upstreamModel) : undefined);
    return {
      functionCall: {
        ...(typeof id === "string" && { id }),
        name: called["name"],
        args: argumentsOf(called["arguments"], field),
      },
      ...(signature !== undefined && { thoughtSignature: signature }),
    };
  });
}

/** The models before the third generation have no use for it. */
function stand(upstreamModel: string): string | undefined {
  return /^gemini-[12]\b/.test(upstreamModel) ? undefined : NO_SIGNATURE;
}

function argumentsOf(text: unknown, field: string): Record<string, unknown> {
  if (text === undefined || text === "") return {};
  const args = typeof text === "string" ? jsonIn(text) : undefined;
  if (isRecord(args)) return args;
  throw unaskable(`${field}.function.arguments`, "must be the JSON text of an object");
}

function signatureOf({ extra_content: extra }: Record<string, unknown>): string | undefined {
  const google = isRecord(extra) ? extra["google"] : undefined;
  const signature = isRecord(google) ? google["thought_signature"] : undefined;
  return typeof signature === "string" ? signature : undefined;
}

/** A tool's result. Gemini wants an object; any other text becomes its `output`, a failure its `error`. */
function resultOf(message: ChatMessage, { index, callNames }: Place): GooglePart {
  const id = message["tool_call_id"];
  const name = typeof id === "string" ? callNames.get(id) : message["name"];
  if (typeof name !== "string")
    throw unaskable(`messages[${index}].tool_call_id`, "must name an earlier tool call");
  const text = textOf(message, index);
  const value = jsonIn(text);
  const named = message["is_error"] === true ? { error: text } : { output: text };
  const response = isRecord(value) && !("error" in named) ? value : named;
  return { functionResponse: { ...(typeof id === "string" && { id }), name, response } };
}

function textOf({ content }: ChatMessage, index: number): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map(({ type, text }) => {
      if (type === "text") return text ?? "";
      throw unaskable(`messages[${index}].content`, "of a tool must be text");
    })
    .join("");
}

function toolsOf(request: ChatRequest): Record<string, unknown> {
  const tools = request.tools ?? [];
  if (tools.length === 0) return {};
  const declarations = tools.map((tool, index) => declarationOf(tool, `tools[${index}]`));
  const isStrict = tools.some(({ function: f }) => isRecord(f) && f["strict"] === true);
  const choice = choiceOf(request["tool_choice"], isStrict);
  return {
    tools: [{ functionDeclarations: declarations }],
    ...(choice !== undefined && { toolConfig: { functionCallingConfig: choice } }),
  };
}

function declarationOf(tool: Record<string, unknown>, field: string): Record<string, unknown> {
  const { type, function: declared } = tool;
  if (type !== "function" || !isRecord(declared))
    throw unaskable(field, "must be a function; Gemini's own tools are not offered here");
  const { name, description, parameters } = declared;
  return {
    name,
    ...(description !== undefined && { description }),
    ...(!isUnset(parameters) && { parametersJsonSchema: parameters }),
  };
}

const MODE: Readonly<Record<string, string>> = { none: "NONE", auto: "AUTO", required: "ANY" };

/** VALIDATED is AUTO with arguments that keep to the schema, which is what `strict` asks for. */
function choiceOf(choice: unknown, isStrict: boolean): Record<string, unknown> | undefined {
  if (isUnset(choice)) return isStrict ? { mode: "VALIDATED" } : undefined;
  if (typeof choice === "string" && Object.hasOwn(MODE, choice))
    return { mode: choice === "auto" && isStrict ? "VALIDATED" : MODE[choice] };
  const named = isRecord(choice) ? choice["function"] : undefined;
  if (isRecord(named)) return { mode: "ANY", allowedFunctionNames: [named["name"]] };
  throw unaskable("tool_choice", "must be none, auto, required or one function");
}
