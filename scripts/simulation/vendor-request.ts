/**
 * What the simulated vendor reads of a chat-completions request, and how it refuses a bad one. It is
 * stricter than the router, which passes unknown fields on, because it stands for the vendor: a router
 * that sends nonsense must get a 400 here, not an answer.
 *
 * Source: https://platform.openai.com/docs/api-reference/chat/create
 */
import { z } from "zod";

const part = z.looseObject({ type: z.string(), text: z.string().optional() });

const functionTool = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
});

const chatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
        content: z.union([z.string(), z.array(part), z.null()]).optional(),
      }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  n: z.int().min(1).max(128).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  tools: z.array(functionTool).nullish(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.looseObject({ function: z.looseObject({ name: z.string() }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .looseObject({
      type: z.enum(["text", "json_object", "json_schema"]),
      json_schema: z.looseObject({ schema: z.record(z.string(), z.unknown()) }).optional(),
    })
    .nullish(),
});

/** A request that passed the vendor's own checks. Fields that the vendor does not know are kept. */
export type VendorRequest = z.infer<typeof chatRequest>;
/** A function offered to the model. */
export type OfferedTool = z.infer<typeof functionTool>;

/** What a refused request is told: a sentence, the field at fault, `null` where no single one is, and a word. */
export interface Refusal {
  readonly message: string;
  readonly param: string | null;
  readonly code?: string;
}

/** The request, or why it is refused. Never throws. */
export function readVendorRequest(json: unknown): VendorRequest | Refusal {
  const parsed = chatRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join(".") ?? "";
  return { message: `${param || "body"}: ${issue?.message ?? "refused"}`, param: param || null };
}

/** Tells a refusal from a request. */
export function isRefusal(read: VendorRequest | Refusal): read is Refusal {
  return "param" in read && !("messages" in read);
}

/** The text of a message, its text parts joined by line breaks; empty where there is none. */
export function textOf(message: VendorRequest["messages"][number]): string {
  if (typeof message.content === "string") return message.content;
  return (message.content ?? []).map((p) => p.text ?? "").join("\n");
}

/** The text of the last message that a user wrote; empty where there is none. */
export function lastUserText(request: VendorRequest): string {
  const message = request.messages.findLast((m) => m.role === "user");
  return message === undefined ? "" : textOf(message);
}

/** How many images the request carries. */
export function countImages(request: VendorRequest): number {
  const parts = request.messages.flatMap((m) => (Array.isArray(m.content) ? m.content : []));
  return parts.filter((p) => p.type === "image_url").length;
}
