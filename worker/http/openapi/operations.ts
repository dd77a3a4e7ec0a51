/**
 * Every route of the service, one entry each: what `/openapi.json` says of it. A test asks the app for its
 * routes and compares, so a route without an entry here does not pass.
 *
 * A schema's name is its name in the document's components; the same name is always the same schema.
 */
import { z } from "zod";
import { chatRequestSchema } from "../../domain/chat.ts";
import { embeddingRequestSchema } from "../../domain/embedding.ts";
import { countTokensSchema, messagesRequestSchema } from "../wire/anthropic/request-schema.ts";
import { responsesRequestSchema } from "../wire/responses/request-schema.ts";
import { healthSchema, modelListSchema, modelSchema, routeSchema } from "../wire/view-schemas.ts";
import {
  embeddingListSchema,
  embeddingRouteSchema,
  messageEventSchema,
  messageSchema,
  responseEventSchema,
  responseSchema,
  tokenCountSchema,
} from "./answer-schemas.ts";
import { chunkOrErrorSchema, completionSchema } from "./chat-schemas.ts";

/** A component of the document. */
export interface Named {
  readonly name: string;
  readonly schema: z.ZodType;
}

export interface Operation {
  readonly method: "get" | "post";
  /** With parameters in braces. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers without a key. */
  readonly isOpen?: boolean;
  /** Routed: takes the knobs, answers with the headers of a decision, and with a route on a dry run. */
  readonly isRouted?: boolean;
  /** Routed only in that: its model is named, and nothing about it is predicted. */
  readonly isNamed?: boolean;
  /** What a dry run answers with, where that is no chat's route. */
  readonly dryAnswer?: Named;
  /** Errors have Anthropic's shape. */
  readonly hasAnthropicErrors?: boolean;
  readonly body?: Named;
  readonly answer: Named;
  /** The data of each event, where the answer may be streamed. */
  readonly event?: Named;
  /** Whether this is asked for something that may not exist. */
  readonly canMiss?: boolean;
}

export const ROUTE: Named = { name: "Route", schema: routeSchema };
const CHAT_REQUEST: Named = { name: "ChatRequest", schema: chatRequestSchema };

export const OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/healthz",
    id: "health",
    summary: "Whether requests are served, and by which weights",
    isOpen: true,
    answer: { name: "Health", schema: healthSchema },
  },
  {
    method: "get",
    path: "/openapi.json",
    id: "describe",
    summary: "This document",
    isOpen: true,
    answer: { name: "Document", schema: z.looseObject({ openapi: z.string() }) },
  },
  {
    method: "post",
    path: "/v1/chat/completions",
    id: "createChatCompletion",
    summary: "OpenAI's chat completions, routed",
    description:
      "Fields that are not named here pass through to the vendor. With `stream` the answer is a stream of " +
      "events: the data of each is a chunk, that of the last `[DONE]`; a stream that breaks ends with an error and " +
      "without `[DONE]`.",
    isRouted: true,
    body: CHAT_REQUEST,
    answer: { name: "ChatCompletion", schema: completionSchema },
    event: { name: "ChatChunkOrError", schema: chunkOrErrorSchema },
  },
  {
    method: "post",
    path: "/v1/responses",
    id: "createResponse",
    summary: "OpenAI's Responses API, routed",
    description:
      "Nothing is stored: a conversation is sent whole. With `stream` the answer is a stream of typed events.",
    isRouted: true,
    body: { name: "ResponsesRequest", schema: responsesRequestSchema },
    answer: { name: "Response", schema: responseSchema },
    event: { name: "ResponseEvent", schema: responseEventSchema },
  },
  {
    method: "post",
    path: "/v1/messages",
    id: "createMessage",
    summary: "Anthropic's Messages API, routed",
    description:
      "With `stream` the answer is a stream of typed events; errors have Anthropic's shape.",
    isRouted: true,
    hasAnthropicErrors: true,
    body: { name: "MessagesRequest", schema: messagesRequestSchema },
    answer: { name: "Message", schema: messageSchema },
    event: { name: "MessageEvent", schema: messageEventSchema },
  },
  {
    method: "post",
    path: "/v1/messages/count_tokens",
    id: "countMessageTokens",
    summary: "An estimate of a prompt's tokens",
    hasAnthropicErrors: true,
    canMiss: true,
    body: { name: "TokenCountRequest", schema: countTokensSchema },
    answer: { name: "TokenCount", schema: tokenCountSchema },
  },
  {
    method: "post",
    path: "/v1/embeddings",
    id: "createEmbeddings",
    summary: "OpenAI's embeddings, by the model that is named",
    isRouted: true,
    isNamed: true,
    dryAnswer: { name: "EmbeddingRoute", schema: embeddingRouteSchema },
    body: { name: "EmbeddingRequest", schema: embeddingRequestSchema },
    answer: { name: "EmbeddingList", schema: embeddingListSchema },
  },
  {
    method: "post",
    path: "/v1/route",
    id: "decideRoute",
    summary: "The decision that a chat request would get; nobody is called",
    isRouted: true,
    body: CHAT_REQUEST,
    answer: ROUTE,
  },
  {
    method: "get",
    path: "/v1/models",
    id: "listModels",
    summary: "The models that a request may name",
    answer: { name: "ModelList", schema: modelListSchema },
  },
  {
    method: "get",
    path: "/v1/models/{id}",
    id: "readModel",
    summary: "One of them; its id keeps its slash",
    canMiss: true,
    answer: { name: "Model", schema: modelSchema },
  },
];
