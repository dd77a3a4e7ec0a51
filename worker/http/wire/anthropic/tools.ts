/**
 * Anthropic's tools and tool choice → OpenAI's functions.
 *
 * Only tools that the client runs and describes itself can be offered to every vendor. Those that run
 * at Anthropic, or whose description only its models know, are refused by their name, as is what changes
 * who may call a tool and when. `eager_input_streaming` concerns how finely a stream is cut and nothing
 * else; it is accepted and has no effect.
 *
 * Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools
 */
import { z } from "zod";
import type { ChatRequest } from "../../../domain/chat.ts";
import { RouterError } from "../../../domain/errors.ts";
import { readBody } from "../json-body.ts";
import { cacheControlSchema, type MessagesPrompt } from "./request-schema.ts";

const tool = z.strictObject({
  type: z.string().nullish(),
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
  cache_control: cacheControlSchema,
  eager_input_streaming: z.boolean().nullish(),
  defer_loading: z.literal(false, "must be false: only Anthropic can search among tools").nullish(),
  allowed_callers: z
    .array(z.literal("direct", "must be direct: only Anthropic runs code that calls tools"))
    .nullish(),
});

type Tool = NonNullable<ChatRequest["tools"]>[number];

/** Throws RouterError 400. */
export function functionsOf(tools: NonNullable<MessagesPrompt["tools"]>): Tool[] {
  return tools.map((given, i) => {
    const at = `tools[${i}]`;
    if (given.type !== undefined && given.type !== null && given.type !== "custom")
      throw notOurs(given.type, `${at}.type`);
    const { name, description, input_schema, strict, cache_control } = readBody(tool, given, at);
    return {
      type: "function",
      function: {
        name,
        ...(typeof description === "string" && { description }),
        parameters: input_schema,
        ...(typeof strict === "boolean" && { strict }),
      },
      ...(cache_control && { cache_control }),
    };
  });
}

/** `tool_choice` and `parallel_tool_calls`, where the client said something of them. */
export function choiceOf(choice: NonNullable<MessagesPrompt["tool_choice"]>): {
  tool_choice: unknown;
  parallel_tool_calls?: boolean;
} {
  const { type, name, disable_parallel_tool_use: isSingle } = choice;
  return {
    tool_choice:
      type === "tool"
        ? { type: "function", function: { name } }
        : type === "any"
          ? "required"
          : type,
    ...(typeof isSingle === "boolean" && { parallel_tool_calls: !isSingle }),
  };
}

function notOurs(type: string, param: string): RouterError {
  return new RouterError(
    "invalid_request_error",
    `${param}: ${JSON.stringify(type.slice(0, 60))} is a tool that other vendors do not have; ` +
      "describe one of your own (type custom) in its place",
    { code: "unsupported_tool", param },
  );
}
