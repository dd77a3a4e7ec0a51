/** The official SDK, `openai`. */
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import type { Client, Question, Sdk, Tool } from "./client.ts";

export const OPENAI_SDK: Sdk = {
  name: "openai",
  connect: ({ baseUrl, apiKey, maxRetries }) =>
    clientOf(new OpenAI({ baseURL: baseUrl, apiKey, maxRetries, logLevel: "off" })),
  troubleOf(error) {
    if (error instanceof BadRequestError) return "bad request";
    if (error instanceof AuthenticationError) return "authentication";
    if (error instanceof NotFoundError) return "not found";
    if (error instanceof RateLimitError) return "rate limit";
    // It has no class for 402, but keeps status and code.
    const isQuota = error instanceof APIError && error.code === "insufficient_quota";
    return isQuota && error.status === 402 ? "quota" : undefined;
  },
};

function clientOf(openai: OpenAI): Client {
  return {
    async ask({ signal, ...question }) {
      const answer = await openai.chat.completions.create(bodyOf(question), { signal });
      return {
        text: answer.choices[0]?.message.content ?? "",
        inputTokens: answer.usage?.prompt_tokens,
        outputTokens: answer.usage?.completion_tokens,
      };
    },
    async *stream({ signal, ...question }) {
      const body = { ...bodyOf(question), stream: true as const };
      for await (const chunk of await openai.chat.completions.create(body, { signal })) {
        const piece = chunk.choices[0]?.delta.content ?? "";
        if (piece !== "") yield piece;
      }
    },
    async useTools(question, tools) {
      const body = { ...bodyOf(question), tools: tools.map(toolOf) };
      const first = (await openai.chat.completions.create(body)).choices[0]!.message;
      const calls = (first.tool_calls ?? []).filter((call) => call.type === "function");
      const results = calls.map((call) => ({
        role: "tool" as const,
        tool_call_id: call.id,
        content: tools.find(({ name }) => name === call.function.name)!.answer,
      }));
      const messages = [...body.messages, first, ...results];
      const last = await openai.chat.completions.create({ ...body, messages });
      return {
        calls: calls.map(({ function: { name, arguments: input } }) => ({
          name,
          input: JSON.parse(input) as unknown,
        })),
        text: last.choices[0]?.message.content ?? "",
      };
    },
    async fillIn(question, schema) {
      const format = zodResponseFormat(schema, "answer");
      const body = { ...bodyOf(question), response_format: format };
      return (await openai.chat.completions.parse(body)).choices[0]?.message.parsed;
    },
    async embed(model, texts) {
      const { data } = await openai.embeddings.create({ model, input: [...texts] });
      return data.map(({ embedding }) => embedding);
    },
  };
}

function bodyOf({ model, prompt, image }: Omit<Question, "signal">) {
  const text = { type: "text" as const, text: prompt };
  const content =
    image === undefined
      ? prompt
      : [text, { type: "image_url" as const, image_url: { url: image } }];
  return {
    model,
    messages: [{ role: "user", content }],
  } satisfies OpenAI.ChatCompletionCreateParams;
}

function toolOf({ name, description, parameters }: Tool): OpenAI.ChatCompletionFunctionTool {
  const schema = z.toJSONSchema(parameters) as Record<string, unknown>;
  return { type: "function", function: { name, description, parameters: schema } };
}
