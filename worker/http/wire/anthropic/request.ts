/**
 * A body of /v1/messages → the chat request that it asks for.
 *
 * What OpenAI's format has under another name is renamed; what it has no name for (`thinking`, `top_k`,
 * `cache_control`) goes on under Anthropic's, for the vendors that know it. What only Anthropic itself
 * could do is refused with the field's name, and never left out quietly.
 *
 * `anthropic-version` and `anthropic-beta` are not read. A beta that changes the format does so by fields
 * of the body, and those are either converted here or refused by name.
 */
import type { ChatMessage, ChatRequest } from "../../../domain/chat.ts";
import { RouterError } from "../../../domain/errors.ts";
import { isRecord } from "../../../lib/json.ts";
import { readBody } from "../json-body.ts";
import { messagesOfTurn, systemContent } from "./content.ts";
import { countTokensSchema, messagesRequestSchema, type MessagesPrompt } from "./request-schema.ts";
import { choiceOf, functionsOf } from "./tools.ts";

/** The chat request of a body of /v1/messages. Throws RouterError 400. */
export function readMessages(body: Record<string, unknown>): ChatRequest {
  const read = readBody(messagesRequestSchema, body);
  const {
    max_tokens,
    stream,
    stop_sequences: stop,
    metadata,
    service_tier: tier,
    ...prompt
  } = read;
  const userId = metadata?.user_id;
  return {
    ...chatOf(prompt),
    max_tokens,
    ...(stop && stop.length > 0 && { stop }),
    ...(typeof userId === "string" && { user: userId }),
    // OpenAI's "default" is the same promise: nothing but the ordinary capacity.
    ...(tier && { service_tier: tier === "standard_only" ? "default" : tier }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}

/** The chat request of a body of /v1/messages/count_tokens. Throws RouterError 400. */
export function readPromptOnly(body: Record<string, unknown>): ChatRequest {
  return chatOf(readBody(countTokensSchema, body));
}

/** Whether the answer to `request` shows what the model thought. */
export function wantsThinking({ thinking }: ChatRequest): boolean {
  return isRecord(thinking) && thinking["type"] !== "disabled";
}

function chatOf(prompt: MessagesPrompt): ChatRequest {
  const { messages, system, tools, tool_choice, output_config, output_format: _, ...rest } = prompt;
  requirePortable(rest);
  const effort = output_config?.effort;
  return {
    ...passedOn(rest),
    model: prompt.model,
    messages: [
      ...systemMessages(system),
      ...messages.flatMap((turn, i) => messagesOfTurn(turn, `messages[${i}]`)),
    ],
    ...(tools && tools.length > 0 && { tools: functionsOf(tools) }),
    ...(tool_choice && choiceOf(tool_choice)),
    ...(typeof effort === "string" && { reasoning_effort: effort }),
    ...responseFormat(prompt),
  };
}

function systemMessages(system: MessagesPrompt["system"]): ChatMessage[] {
  if (system === undefined || system === null) return [];
  return [{ role: "system", content: systemContent(system, "system") }];
}

/** Fields of Anthropic's that no other vendor could honour. */
const NOT_PORTABLE = new Map([
  ["mcp_servers", "is run by Anthropic; call the server from the client and offer its tools"],
  ["container", "lies at Anthropic; leave it out"],
  ["context_management", "is done by Anthropic; shorten the conversation in the client"],
  ["thread", "lies at Anthropic; send the whole conversation"],
  ["fallbacks", "is the router's work; see the knobs preset and allow_models"],
  ["safeguards", "is done by Anthropic; leave it out"],
  ["diagnostics", "is done by Anthropic; leave it out"],
  ["inference_geo", "is a promise that only Anthropic can keep; leave it out"],
  ["speed", "can only be standard; ask for speed by the preset fast"],
]);

function requirePortable(fields: Record<string, unknown>): void {
  for (const [name, why] of NOT_PORTABLE) {
    const value = fields[name];
    const isEmpty = value === undefined || value === null || value === "standard";
    if (!isEmpty && !(Array.isArray(value) && value.length === 0)) throw refused(name, why);
  }
}

/** The other fields without our own, nulls and the empty ones that may be sent and mean nothing. */
function passedOn(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([name, value]) => name !== "sluice" && value !== null && !NOT_PORTABLE.has(name),
    ),
  );
}

function responseFormat({ output_config: config, output_format: older }: MessagesPrompt) {
  if (config?.format && older)
    throw refused("output_format", "is the old name of output_config.format; send one of them");
  const schema = (config?.format ?? older)?.schema;
  if (schema === undefined) return {};
  const json_schema = { name: "answer", schema, ...(isStrict(schema) && { strict: true }) };
  return { response_format: { type: "json_schema", json_schema } };
}

/**
 * Whether OpenAI's strict mode takes a schema: no object in it may have a property that is optional or
 * unnamed. Anthropic holds a model to optional ones as well; elsewhere such a schema is best effort.
 */
function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (!isRecord(schema)) return true;
  const { type, properties, required, additionalProperties } = schema;
  const names = isRecord(properties) ? Object.keys(properties) : [];
  const isObject = type === "object" || names.length > 0;
  const isClosed =
    additionalProperties === false &&
    names.every((name) => Array.isArray(required) && required.includes(name));
  return (!isObject || isClosed) && Object.values(schema).every(isStrict);
}

function refused(param: string, why: string): RouterError {
  return new RouterError("invalid_request_error", `${param}: ${why}`, {
    code: "unsupported_field",
    param,
  });
}
