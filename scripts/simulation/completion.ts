/**
 * From a request to a finished answer, before any of it is sent: which text or tool call each choice holds,
 * cut into pieces as they will be streamed, why it ends, and what is billed. Streamed and plain answers are
 * written from the same value, so they cannot disagree.
 *
 * The answer depends on (model, messages, seed) and nothing else: not on the clock, not on earlier requests.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { hashText, randomFrom, type Random } from "../../worker/lib/prng.ts";
import { countTokens, piecesOf } from "./pieces.ts";
import { nameWords, proseAbout, topicWords } from "./prose.ts";
import { valueFor, type Material } from "./schema-value.ts";
import {
  countImages,
  lastUserText,
  textOf,
  type OfferedTool,
  type VendorRequest,
} from "./vendor-request.ts";

/** What an image of ordinary size is billed as, in tokens, by the vendors that publish it. */
const IMAGE_TOKENS = 765;
/** Role and separators of one message, in tokens. */
const MESSAGE_TOKENS = 4;

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** The arguments' JSON, in the pieces in which it is streamed. */
  readonly pieces: readonly string[];
}

/** One of the `n` answers: text in pieces, or calls of tools and no text. */
export interface Choice {
  readonly pieces: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: "stop" | "length" | "tool_calls" | "content_filter";
}

/** What is billed, in tokens; the reasoning is part of the completion, the cache's part of the prompt. */
export interface Billed {
  readonly promptTokens: number;
  /** Up to the last message with a mark for the cache, which keeps nothing here and is written every time. */
  readonly cacheWriteTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

export interface Completion {
  readonly id: string;
  readonly choices: readonly Choice[];
  readonly billed: Billed;
  /** What the model shows of its thinking, where it was asked to; a vendor's format may not have it. */
  readonly thinking?: string;
}

/** The whole answer to a request by a model of the catalogue. Pure. */
export function completionOf(
  request: VendorRequest,
  model: CatalogModel,
  seed: number,
): Completion {
  const identity = JSON.stringify([model.id, request.messages, request.seed ?? seed]);
  const choices = Array.from({ length: request.n ?? 1 }, (_, index) =>
    choiceOf(request, model, randomFrom(hashText(`${identity}#${index}`))),
  );
  return {
    id: `chatcmpl-sim${hashText(identity).toString(36)}`,
    choices,
    billed: billedFor(request, model, choices),
    ...(request["shows_thinking"] === true && { thinking: thoughtAbout(request) }),
  };
}

function thoughtAbout(request: VendorRequest): string {
  return `They ask about ${topicWords(lastUserText(request)).join(", ") || "nothing much"}.`;
}

function choiceOf(request: VendorRequest, model: CatalogModel, random: Random): Choice {
  const limit = request.max_completion_tokens ?? request.max_tokens ?? model.maxOutputTokens;
  const toolCalls = toolsFor(request).map((tool) => callOf(tool, request, random));
  if (toolCalls.length > 0) return { pieces: [], toolCalls, finishReason: "tool_calls" };
  const text = stopped(textFor(request, model, random), request.stop);
  const pieces = piecesOf(text);
  if (pieces.length <= limit) return { pieces, toolCalls, finishReason: "stop" };
  return { pieces: pieces.slice(0, limit), toolCalls, finishReason: "length" };
}

function textFor(request: VendorRequest, model: CatalogModel, random: Random): string {
  const about = aboutOf(request);
  const material = materialOf(about, random);
  const format = request.response_format;
  if (format?.type === "json_schema")
    return JSON.stringify(valueFor(format.json_schema?.schema ?? {}, material));
  if (format?.type === "json_object") {
    const [topic = "unknown"] = topicWords(about);
    const answer = proseAbout(about, 0.3, random);
    return JSON.stringify({ topic, answer, confidence: Math.round(random() * 100) / 100 });
  }
  // A vendor's models differ in how much they say; the hash of the name stands for their manner.
  const verbosity = 0.75 + (hashText(model.id) % 100) / 150;
  const images = countImages(request);
  const seen = images === 0 ? "" : `The ${images === 1 ? "image is" : "images are"} clear. `;
  return seen + proseAbout(about, verbosity, random);
}

/** What the answer should speak of: the user's last words, and a tool's result where one has just come in. */
function aboutOf(request: VendorRequest): string {
  const last = request.messages.at(-1);
  const result = last?.role === "tool" ? `${textOf(last)}\n` : "";
  return result + lastUserText(request);
}

function materialOf(text: string, random: Random): Material {
  const numbers = (text.match(/\d+(?:\.\d+)?/g) ?? []).map(Number);
  return { random, words: nameWords(text), numbers };
}

/** The tools that the model decides to call: the one demanded, or those whose words the user used. */
function toolsFor(request: VendorRequest): OfferedTool[] {
  const tools = request.tools ?? [];
  const choice = request.tool_choice ?? "auto";
  if (choice === "none" || tools.length === 0) return [];
  if (typeof choice === "object")
    return tools.filter((t) => t.function.name === choice.function.name).slice(0, 1);
  const asked = stems(lastUserText(request));
  const fitting = tools.filter((t) =>
    [...stems(`${t.function.name} ${t.function.description ?? ""}`)].some((s) => asked.has(s)),
  );
  const most = request.parallel_tool_calls === false ? 1 : tools.length;
  if (choice === "required" && fitting.length === 0) return tools.slice(0, 1);
  const hasResult = choice === "auto" && request.messages.at(-1)?.role === "tool";
  return hasResult ? [] : fitting.slice(0, most);
}

/** First letters of the longer words: enough to see that "forecasts" and "forecast_weather" belong together. */
function stems(text: string): Set<string> {
  return new Set(topicWords(text.replaceAll("_", " ")).map((w) => w.toLowerCase().slice(0, 5)));
}

function callOf(tool: OfferedTool, request: VendorRequest, random: Random): ToolCall {
  const schema = tool.function.parameters ?? { type: "object" };
  const json = JSON.stringify(valueFor(schema, materialOf(lastUserText(request), random)));
  const id = `call_${Math.floor(random() * 2 ** 32).toString(36)}`;
  return { id, name: tool.function.name, pieces: piecesOf(json) };
}

function stopped(text: string, stop: VendorRequest["stop"]): string {
  const marks = typeof stop === "string" ? [stop] : (stop ?? []);
  const found = marks.filter((m) => m !== "").map((m) => text.indexOf(m));
  const cuts = found.filter((at) => at >= 0);
  return cuts.length === 0 ? text : text.slice(0, Math.min(...cuts));
}

function billedFor(
  request: VendorRequest,
  model: CatalogModel,
  choices: readonly Choice[],
): Billed {
  const texts = request.messages.map((m) => countTokens(textOf(m)) + MESSAGE_TOKENS);
  const lastMarked = request.messages.findLastIndex((message) => message["is_cached"] === true);
  const tools = request.tools?.length ? countTokens(JSON.stringify(request.tools)) : 0;
  const visible = choices.reduce((sum, c) => sum + visibleTokens(c), 0);
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  const spare = Math.max(0, limit * choices.length - visible);
  const reasoningTokens = Math.min(spare, Math.round(visible * (model.outputTokensFactor - 1)));
  return {
    promptTokens: texts.reduce((a, b) => a + b, tools + countImages(request) * IMAGE_TOKENS),
    cacheWriteTokens: texts.slice(0, lastMarked + 1).reduce((a, b) => a + b, 0),
    completionTokens: visible + Math.max(0, reasoningTokens),
    reasoningTokens: Math.max(0, reasoningTokens),
  };
}

function visibleTokens({ toolCalls, pieces }: Choice): number {
  return toolCalls.reduce((sum, call) => sum + call.pieces.length + 8, pieces.length);
}
