/** LangChain JS: `ChatOpenAI` and `OpenAIEmbeddings` of `@langchain/openai`. */
import { HumanMessage, ToolMessage, type AIMessageChunk } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { z } from "zod";
import type { Client, Connection, Question, Sdk } from "./client.ts";

export const LANGCHAIN: Sdk = {
  name: "@langchain/openai",
  connect: clientOf,
  troubleOf(error) {
    // It raises the errors of the SDK below it, and gives some of them a code of its own.
    if (error instanceof BadRequestError) return "bad request";
    if (error instanceof AuthenticationError)
      return coded(error, "MODEL_AUTHENTICATION") ? "authentication" : undefined;
    if (error instanceof NotFoundError)
      return coded(error, "MODEL_NOT_FOUND") ? "not found" : undefined;
    if (error instanceof RateLimitError)
      return coded(error, "MODEL_RATE_LIMIT") ? "rate limit" : undefined;
    const isQuota = error instanceof APIError && error.code === "insufficient_quota";
    return isQuota && error.status === 402 ? "quota" : undefined;
  },
};

const usageMetadata = z.object({ input_tokens: z.number(), output_tokens: z.number() });

function coded(error: object, code: string): boolean {
  return "lc_error_code" in error && error.lc_error_code === code;
}

function clientOf({ baseUrl, apiKey, maxRetries }: Connection): Client {
  const shared = { apiKey, maxRetries, configuration: { baseURL: baseUrl } };
  function chat(model: string): ChatOpenAI {
    return new ChatOpenAI({ model, ...shared });
  }
  return {
    async ask({ signal, ...question }) {
      const answer = await chat(question.model).invoke([messageOf(question)], optionsOf(signal));
      // Its declared type is lost in the library's own conditional types.
      const usage = usageMetadata.parse(answer.usage_metadata);
      return {
        text: answer.text,
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
      };
    },
    async *stream({ signal, ...question }) {
      const stream = await chat(question.model).stream([messageOf(question)], optionsOf(signal));
      for await (const chunk of stream) if (chunk.text !== "") yield chunk.text;
    },
    async useTools(question, tools) {
      const made = tools.map(({ name, description, parameters, answer }) =>
        tool(async () => answer, { name, description, schema: parameters }),
      );
      const model = chat(question.model).bindTools(made);
      const asked = messageOf(question);
      const first: AIMessageChunk = await model.invoke([asked]);
      const calls = first.tool_calls ?? [];
      const results = calls.map(
        ({ id, name }) =>
          new ToolMessage({
            tool_call_id: id!,
            content: tools.find((one) => one.name === name)!.answer,
          }),
      );
      const last = await model.invoke([asked, first, ...results]);
      return { calls: calls.map(({ name, args }) => ({ name, input: args })), text: last.text };
    },
    fillIn: (question, schema) =>
      chat(question.model)
        .withStructuredOutput(schema, { method: "jsonSchema" })
        .invoke([messageOf(question)]),
    embed: (model, texts) => new OpenAIEmbeddings({ model, ...shared }).embedDocuments([...texts]),
  };
}

function optionsOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function messageOf({ prompt, image }: Question): HumanMessage {
  if (image === undefined) return new HumanMessage(prompt);
  return new HumanMessage({
    content: [
      { type: "text", text: prompt },
      { type: "image_url", image_url: { url: image } },
    ],
  });
}
