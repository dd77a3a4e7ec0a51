/**
 * A chat request as the body of OpenAI's `POST /responses`. Total for what responses-subset.ts lets through.
 *
 * A message becomes a message; an assistant's calls and the results of tools become items beside it. Items
 * have no ids, which would be looked up at OpenAI, where nothing is stored unless the client asks for it. What
 * is on by default there and off in chat is switched off: storing, and strictness of tools and schemas. Fields
 * that are not known here go through under their own names.
 *
 * The model's own thoughts are not asked for in their encrypted form (`reasoning.encrypted_content`): a chat
 * has no place in which they could come back, so it thinks anew after each result of a tool. A speaker's
 * `name` has no place either, and what an assistant's message says of itself besides its words and calls
 * (annotations, another vendor's signatures) asks for nothing; they are left out.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses/create
 */
import {
  LEFT_OUT,
  type HeardPart,
  type ToolMessage,
  type ToolRequest,
} from "./responses-subset.ts";

type Fields = Record<string, unknown>;

/** Fields with another name or shape there, and our own. */
const TRANSLATED = new Set([
  ...LEFT_OUT,
  ..."model messages tools tool_choice max_tokens max_completion_tokens stream_options".split(" "),
  ..."reasoning_effort reasoning verbosity text response_format store sluice".split(" "),
]);

/** The body that asks `model`. */
export function responsesBody(request: ToolRequest, model: string): Fields {
  const { tools, tool_choice: choice, stream } = request;
  const limit = request.max_completion_tokens ?? request.max_tokens;
  const shared = Object.entries(request).filter(
    ([name, value]) => !TRANSLATED.has(name) && isGiven(value),
  );
  return {
    ...Object.fromEntries(shared),
    model,
    input: request.messages.flatMap(itemsOf),
    store: request["store"] ?? false,
    ...(isGiven(limit) && { max_output_tokens: limit }),
    ...(isGiven(tools) && { tools: tools.map(toolOf) }),
    ...(isGiven(choice) && { tool_choice: choiceOf(choice) }),
    ...filled("reasoning", {
      ...request.reasoning,
      ...(isGiven(request["reasoning_effort"]) && { effort: request["reasoning_effort"] }),
    }),
    ...filled("text", { ...request.text, ...textOf(request) }),
    ...(stream === true && filled("stream_options", streamOptionsOf(request))),
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

function filled(name: string, fields: Fields): Fields {
  return Object.keys(fields).length > 0 ? { [name]: fields } : {};
}

/** Usage comes unasked. */
function streamOptionsOf({ stream_options: options }: ToolRequest): Fields {
  const { include_usage: _, ...rest } = options ?? {};
  return rest;
}

function textOf({ verbosity, response_format: format }: ToolRequest): Fields {
  return {
    ...(isGiven(verbosity) && { verbosity }),
    ...(isGiven(format) && { format: formatOf(format) }),
  };
}

function formatOf(format: NonNullable<ToolRequest["response_format"]>): Fields {
  if (format.type !== "json_schema") return format;
  const { json_schema: spec, ...rest } = format;
  return { ...rest, ...spec, strict: spec["strict"] ?? false };
}

function toolOf({ function: fn, ...rest }: NonNullable<ToolRequest["tools"]>[number]): Fields {
  return {
    ...rest,
    ...fn,
    type: "function",
    parameters: fn["parameters"] ?? { type: "object", properties: {} }, // Chat's meaning of none.
    strict: fn["strict"] ?? false,
  };
}

function choiceOf(choice: NonNullable<ToolRequest["tool_choice"]>): unknown {
  if (typeof choice === "string") return choice;
  if (choice.type === "function") return nameOf(choice);
  const { allowed_tools: allowed, ...rest } = choice;
  return { ...rest, ...allowed, tools: allowed.tools.map(nameOf) };
}

function nameOf({ type, function: fn }: { type: string; function: { name: string } }): Fields {
  return { type, name: fn.name };
}

function itemsOf(message: ToolMessage): Fields[] {
  if (message.role === "assistant") return turnOf(message);
  if (message.role === "tool") {
    const { role: _r, name: _n, tool_call_id: id, content, ...rest } = message;
    return [{ ...rest, type: "function_call_output", call_id: id, output: contentOf(content) }];
  }
  const { role, name: _, content, ...rest } = message;
  const said = role === "system" ? "developer" : role;
  return [{ ...rest, type: "message", role: said, content: contentOf(content) }];
}

/** What an assistant did in one turn: its words, if it had any, and its calls. */
function turnOf({
  content,
  refusal,
  tool_calls: calls,
}: Extract<ToolMessage, { role: "assistant" }>): Fields[] {
  const parts = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
  const said: Fields[] = (parts ?? []).flatMap((part): Fields[] => {
    if (part.type === "refusal") return [part];
    return part.text === "" ? [] : [{ ...part, type: "output_text" }];
  });
  if (refusal) said.push({ type: "refusal", refusal });
  const words = said.length > 0 ? [{ type: "message", role: "assistant", content: said }] : [];
  const made = (calls ?? []).map(({ id, function: { name, arguments: json } }) => {
    return { type: "function_call", call_id: id, name, arguments: json };
  });
  return [...words, ...made];
}

function contentOf(content: string | HeardPart[]): string | Fields[] {
  return typeof content === "string" ? content : content.map(partOf);
}

function partOf(part: HeardPart): Fields {
  if (part.type === "text") return { ...part, type: "input_text" };
  if (part.type === "file") {
    const { file, ...rest } = part;
    return { ...rest, ...file, type: "input_file" };
  }
  const { image_url: image, ...rest } = part;
  const { url, ...more } = image;
  return { ...rest, ...more, type: "input_image", image_url: url };
}
