/**
 * Anthropic's Messages request, as far as it is looked into before it becomes a chat request.
 *
 * Two levels: here the body's frame, so that what routing, metering and the loops depend on has its type
 * and its limit; content blocks and tools are read one by one where they are converted (content.ts,
 * tools.ts), which names the very block at fault. Those are strict: a key that has no counterpart is
 * refused by name. Of the body's other fields, those that mean something at Anthropic only are refused
 * (request.ts), the rest goes on as it came, as in a chat request.
 *
 * Source: https://platform.claude.com/docs/en/api/messages/create
 */
import { z } from "zod";

/** The same bounds as for chat; the body's size is bounded before it gets here. */
const MAX_MESSAGES = 4_096;
const MAX_BLOCKS = 4_096;
const MAX_TOOLS = 512;

const contentSchema = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string() })).max(MAX_BLOCKS),
]);

/** A hint for Anthropic's prompt cache; kept wherever it stands. */
export const cacheControlSchema = z.record(z.string(), z.unknown()).nullish();

const formatSchema = z.strictObject({
  type: z.literal("json_schema"),
  schema: z.record(z.string(), z.unknown()),
});

const promptShape = {
  model: z.string().min(1).max(256),
  messages: z
    .array(
      z.strictObject({ role: z.enum(["user", "assistant", "system"]), content: contentSchema }),
    )
    .min(1)
    .max(MAX_MESSAGES),
  system: contentSchema.nullish(),
  tools: z
    .array(z.looseObject({ type: z.string().nullish(), name: z.string().optional() }))
    .max(MAX_TOOLS)
    .nullish(),
  tool_choice: z
    .strictObject({
      type: z.enum(["auto", "any", "tool", "none"]),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().nullish(),
    })
    .refine(({ type, name }) => type !== "tool" || name !== undefined, {
      message: "must name the tool",
      path: ["name"],
    })
    .nullish(),
  thinking: z.looseObject({ type: z.string() }).nullish(),
  output_config: z
    .strictObject({ effort: z.string().nullish(), format: formatSchema.nullish() })
    .nullish(),
  /** The name of `output_config.format` while it was in beta. */
  output_format: formatSchema.nullish(),
  cache_control: cacheControlSchema,
};

/** The body of POST /v1/messages/count_tokens. */
export const countTokensSchema = z.looseObject(promptShape);

/** The body of POST /v1/messages. */
export const messagesRequestSchema = z.looseObject({
  ...promptShape,
  max_tokens: z.int().positive(),
  stream: z.boolean().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).nullish(),
  service_tier: z.enum(["auto", "standard_only"]).nullish(),
});

/** What both bodies have in common. */
export type MessagesPrompt = z.infer<typeof countTokensSchema>;
/** Content that came as blocks, before they are read. */
export type RawContent = z.infer<typeof contentSchema>;
