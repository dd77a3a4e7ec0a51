/**
 * A Responses request as the chat request that asks for the same.
 *
 * Items become messages: what an assistant did in one turn (its thinking, its words, its calls) is several items
 * there and one message here, because a chat's tool results must follow the message that has all their calls.
 * `metadata` labels the response and stays with us. `allowed_tools` becomes the shorter list of tools.
 */
import type { ChatMessage, ChatRequest } from "../../../domain/chat.ts";
import {
  responsesRequestSchema,
  type InputItem,
  type InputPart,
  type ResponsesRequest,
} from "./request-schema.ts";
import { unsealThinking, type ThinkingBlock } from "./sealed-thinking.ts";

/** Fields that mean the same in both formats. */
const SHARED = [
  "stream",
  "temperature",
  "top_p",
  "parallel_tool_calls",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "service_tier",
] as const satisfies readonly (keyof ResponsesRequest)[];

const OWN = new Set(Object.keys(responsesRequestSchema.shape));

/** Total: whatever the schema lets through has a counterpart. */
export function chatRequestOf(asked: ResponsesRequest): ChatRequest {
  const foreign = Object.entries(asked).filter(([name]) => !OWN.has(name));
  const shared = SHARED.map((name) => [name, asked[name]] as const);
  return {
    ...Object.fromEntries(foreign),
    ...Object.fromEntries(shared.filter(([, value]) => isGiven(value))),
    model: asked.model,
    messages: messagesOf(asked),
    ...(asked.stream && { stream_options: { include_usage: true } }),
    ...(isGiven(asked.max_output_tokens) && { max_completion_tokens: asked.max_output_tokens }),
    ...(isGiven(asked.reasoning?.effort) && { reasoning_effort: asked.reasoning.effort }),
    ...(isGiven(asked.text?.verbosity) && { verbosity: asked.text.verbosity }),
    ...logprobsOf(asked),
    ...formatOf(asked),
    ...toolsOf(asked),
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

function logprobsOf({ include, top_logprobs: top }: ResponsesRequest): object {
  const isAsked = include?.includes("message.output_text.logprobs") || (top ?? 0) > 0;
  return isAsked ? { logprobs: true, ...(isGiven(top) && { top_logprobs: top }) } : {};
}

function formatOf({ text }: ResponsesRequest): Pick<ChatRequest, "response_format"> {
  const format = text?.format;
  if (!isGiven(format) || format.type === "text") return {};
  if (format.type === "json_object") return { response_format: { type: format.type } };
  const { type, ...schema } = format;
  return { response_format: { type, json_schema: withoutNull(schema) } };
}

function toolsOf({ tools, tool_choice: choice }: ResponsesRequest): Partial<ChatRequest> {
  const isAllowed = allowedBy(choice);
  const offered = (tools ?? []).filter(({ name }) => isAllowed(name));
  const called = isGiven(choice) ? { tool_choice: choiceOf(choice) } : {};
  // Clients say "auto" without tools, which vendors refuse; any other choice is the client's mistake to hear of.
  if (offered.length === 0) return choice === "auto" || choice === "none" ? {} : called;
  return {
    tools: offered.map(({ type, name, description, parameters, strict, ...more }) => ({
      ...more,
      type,
      function: withoutNull({ name, description, parameters, strict }),
    })),
    ...called,
  };
}

type ToolChoice = NonNullable<ResponsesRequest["tool_choice"]>;

function allowedBy(choice: ToolChoice | null | undefined): (name: string) => boolean {
  if (typeof choice !== "object" || choice?.type !== "allowed_tools") return () => true;
  const names = new Set(choice.tools.map(({ name }) => name));
  return (name) => names.has(name);
}

function choiceOf(choice: ToolChoice): unknown {
  if (typeof choice === "string") return choice;
  if (choice.type === "allowed_tools") return choice.mode;
  return { type: choice.type, function: { name: choice.name } };
}

function withoutNull(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isGiven(value)));
}

function messagesOf({ instructions, input }: ResponsesRequest): ChatMessage[] {
  const head: ChatMessage[] = instructions ? [{ role: "system", content: instructions }] : [];
  if (typeof input === "string") return [...head, { role: "user", content: input }];
  const turns = new Turns();
  for (const item of input) turns.add(item);
  return [...head, ...turns.end()];
}

/** What an assistant did in one turn, while its items come in. */
interface Turn {
  thinking: string[];
  blocks: ThinkingBlock[];
  texts: string[];
  refusals: string[];
  calls: object[];
}

/** Items into messages, one after another. */
class Turns {
  readonly #messages: ChatMessage[] = [];
  #turn: Turn | undefined;

  add(item: InputItem): void {
    if (item.type === "reasoning") this.#addReasoning(item);
    else if (item.type === "function_call") this.#addCall(item);
    else if (item.type === "function_call_output") {
      const content = contentOf(item.output);
      this.#push({ role: "tool", tool_call_id: item.call_id, content });
    } else if (item.role === "assistant") this.#addAnswer(item.content);
    else this.#push({ role: item.role, content: contentOf(item.content) });
  }

  end(): ChatMessage[] {
    this.#endTurn();
    return this.#messages;
  }

  #push(message: ChatMessage): void {
    this.#endTurn();
    this.#messages.push(message);
  }

  /** The turn that goes on, or a new one. Words do not take up a turn again; calls that await results must. */
  #open(isContinued: (turn: Turn) => boolean): Turn {
    if (this.#turn !== undefined && !isContinued(this.#turn)) this.#endTurn();
    this.#turn ??= { thinking: [], blocks: [], texts: [], refusals: [], calls: [] };
    return this.#turn;
  }

  #addReasoning(item: Extract<InputItem, { type: "reasoning" }>): void {
    const { thinking, blocks } = this.#open((turn) => !hasWords(turn) || turn.calls.length > 0);
    const shown = item.content?.length ? item.content : item.summary;
    thinking.push(...shown.map(({ text }) => text));
    blocks.push(...(unsealThinking(item.encrypted_content ?? "") ?? []));
  }

  #addCall(item: Extract<InputItem, { type: "function_call" }>): void {
    const { call_id: id, name, arguments: json, extra_content } = item;
    const { calls } = this.#open(() => true);
    const call = { id, type: "function", function: { name, arguments: json } };
    calls.push(isGiven(extra_content) ? { ...call, extra_content } : call);
  }

  #addAnswer(content: Extract<InputItem, { role: "assistant" }>["content"]): void {
    const turn = this.#open((open) => !hasWords(open) || open.calls.length > 0);
    if (typeof content === "string") {
      turn.texts.push(content);
      return;
    }
    const refusals = content.filter((part) => part.type === "refusal");
    const texts = content.filter((part) => part.type !== "refusal");
    // A message without parts is still one.
    if (texts.length > 0 || refusals.length === 0)
      turn.texts.push(texts.map(({ text }) => text).join(""));
    turn.refusals.push(...refusals.map(({ refusal }) => refusal));
  }

  #endTurn(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn === undefined) return;
    const { thinking, blocks, refusals, calls } = turn;
    const text = turn.texts.join("\n\n");
    if ([thinking, blocks, turn.texts, refusals, calls].every(({ length }) => length === 0)) return;
    this.#messages.push({
      role: "assistant",
      content: text === "" && calls.length > 0 ? null : text,
      ...(refusals.length > 0 && { refusal: refusals.join("") }),
      ...(thinking.length > 0 && { reasoning_content: thinking.join("\n\n") }),
      ...(blocks.length > 0 && { thinking_blocks: blocks }),
      ...(calls.length > 0 && { tool_calls: calls }),
    });
  }
}

function hasWords({ texts, refusals }: Turn): boolean {
  return texts.length > 0 || refusals.length > 0;
}

function contentOf(content: string | readonly InputPart[]): ChatMessage["content"] {
  return typeof content === "string" ? content : content.map(partOf);
}

/** Fields of a part that nobody here knows, such as a mark for the vendor's cache, stay on it. */
function partOf(part: InputPart): { type: string; [field: string]: unknown } {
  if (part.type === "input_text") return { ...part, type: "text" };
  if (part.type === "input_audio") return part;
  if (part.type === "input_image") {
    const { type: _, image_url: url, detail, file_id: __, ...more } = part;
    return { ...more, type: "image_url", image_url: withoutNull({ url, detail }) };
  }
  const { type: _, file_data, filename, file_id: __, file_url: ___, ...more } = part;
  return { ...more, type: "file", file: withoutNull({ file_data, filename }) };
}
