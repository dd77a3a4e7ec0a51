/**
 * Every route of the service, one entry each: what `/openapi.json` says of it. A test asks the app for its
 * routes and compares, so a route without an entry here does not pass.
 *
 * A schema's name is its name in the document's components; the same name is always the same schema.
 */
import { z } from "zod";
import { chatRequestSchema } from "../../domain/chat.ts";
import { embeddingRequestSchema } from "../../domain/embedding.ts";
import { feedbackSchema } from "../../domain/feedback.ts";
import { countTokensSchema, messagesRequestSchema } from "../wire/anthropic/request-schema.ts";
import { budgetViewSchema } from "../wire/budget-view.ts";
import { feedbackViewSchema } from "../wire/feedback.ts";
import { responsesRequestSchema } from "../wire/responses/request-schema.ts";
import { healthSchema, modelListSchema, modelSchema, routeSchema } from "../wire/view-schemas.ts";
import { ADMIN_OPERATIONS } from "./admin-operations.ts";
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
import type { Named, Operation } from "./operation.ts";

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
    method: "post",
    path: "/v1/feedback",
    id: "giveFeedback",
    summary: "What the tenant says of one of its answers",
    description:
      "Once for each request and source: the same again changes nothing, another score takes the place of the first. " +
      "It costs nothing and is one request of the caller's rate limits.",
    isOfStore: true,
    isLimited: true,
    canMiss: true,
    canConflict: true,
    body: { name: "FeedbackBody", schema: feedbackSchema },
    answer: { name: "Feedback", schema: feedbackViewSchema },
  },
  {
    method: "get",
    path: "/v1/budget",
    id: "readBudget",
    summary: "What the key, its tenant and its organisation may spend and use, and what is left",
    isOfBudgets: true,
    answer: { name: "Budget", schema: budgetViewSchema },
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
  ...ADMIN_OPERATIONS,
];
