/** The Vercel AI SDK, `ai`, over two of its providers: the one for compatible services and OpenAI's own. */
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  embedMany,
  generateText,
  Output,
  RetryError,
  stepCountIs,
  streamText,
  tool,
  type EmbeddingModel,
  type LanguageModel,
} from "ai";
import { z } from "zod";
import type { Client, Question, Sdk, Trouble } from "./client.ts";

export const AI_SDK_COMPATIBLE: Sdk = {
  name: "ai with @ai-sdk/openai-compatible",
  troubleOf,
  connect({ baseUrl: baseURL, apiKey, maxRetries }) {
    const provider = createOpenAICompatible({
      name: "sluice",
      baseURL,
      apiKey,
      supportsStructuredOutputs: true,
    });
    return clientOf(
      (id) => provider(id),
      (id) => provider.embeddingModel(id),
      maxRetries,
    );
  },
};

export const AI_SDK_OPENAI: Sdk = {
  name: "ai with @ai-sdk/openai's chat()",
  troubleOf,
  connect({ baseUrl: baseURL, apiKey, maxRetries }) {
    const provider = createOpenAI({ baseURL, apiKey });
    return clientOf(
      (id) => provider.chat(id),
      (id) => provider.embeddingModel(id),
      maxRetries,
    );
  },
};

const TROUBLES: Record<number, Trouble> = {
  400: "bad request",
  401: "authentication",
  404: "not found",
  429: "rate limit",
};

const errorBody = z.object({ error: z.object({ code: z.string() }) });

function troubleOf(error: unknown): Trouble | undefined {
  const last = RetryError.isInstance(error) ? error.lastError : error;
  if (!APICallError.isInstance(last)) return undefined;
  const body = errorBody.safeParse(last.data);
  if (body.data?.error.code === "insufficient_quota") return "quota";
  return TROUBLES[last.statusCode ?? 0];
}

function clientOf(
  chat: (id: string) => LanguageModel,
  vectors: (id: string) => EmbeddingModel,
  maxRetries: number,
): Client {
  return {
    async ask(question) {
      const { text, usage } = await generateText({ ...optionsOf(question), maxRetries });
      return { text, inputTokens: usage.inputTokens, outputTokens: usage.outputTokens };
    },
    stream: (question) =>
      streamText({ ...optionsOf(question), maxRetries, onError: () => {} }).textStream,
    async useTools(question, tools) {
      const { steps, text } = await generateText({
        ...optionsOf(question),
        maxRetries,
        stopWhen: stepCountIs(2),
        tools: Object.fromEntries(
          tools.map(({ name, description, parameters, answer }) => [
            name,
            tool({ description, inputSchema: parameters, execute: async () => answer }),
          ]),
        ),
      });
      const calls = (steps[0]?.toolCalls ?? []).map(({ toolName, input }) => ({
        name: toolName,
        input,
      }));
      return { calls, text };
    },
    async fillIn(question, schema) {
      const output = Output.object({ schema });
      return (await generateText({ ...optionsOf(question), maxRetries, output })).output;
    },
    async embed(model, texts) {
      const values = [...texts];
      return (await embedMany({ model: vectors(model), values, maxRetries })).embeddings;
    },
  };

  function optionsOf({ model, prompt, image, signal }: Question) {
    const text = { type: "text" as const, text: prompt };
    const picture = { type: "file" as const, mediaType: "image/png", data: image ?? "" };
    const content = image === undefined ? [text] : [text, picture];
    return {
      model: chat(model),
      messages: [{ role: "user" as const, content }],
      ...(signal !== undefined && { abortSignal: signal }),
    };
  }
}
