/**
 * The service described in OpenAPI 3.1, made of the very schemas that check requests and type our answers.
 *
 * 3.1's schemas are JSON Schema 2020-12, which Zod writes itself; what is left is to say which schema stands
 * where. OPTIONS and HEAD, which every path answers, are not listed.
 *
 * Source: https://spec.openapis.org/oas/v3.1.1.html
 */
import { z } from "zod";
import { errorBodySchema } from "../../domain/errors.ts";
import { policySchema } from "../../domain/policy.ts";
import { KNOB_HEADERS } from "../wire/knobs.ts";
import { anthropicErrorSchema } from "./answer-schemas.ts";
import type { Named, Operation } from "./operation.ts";
import { OPERATIONS, ROUTE } from "./operations.ts";

type Json = Record<string, unknown>;

const ERROR: Named = { name: "Error", schema: errorBodySchema };
const ANTHROPIC_ERROR: Named = { name: "AnthropicError", schema: anthropicErrorSchema };

/** What a request's `sluice` object may hold. */
const KNOBS = policySchema.partial();

const STATUS_WORDS: Record<number, string> = {
  400: "The request is wrong, or no model can serve it; param names the field",
  401: "The key is missing or wrong",
  402: "A hard budget has too little left; x-should-retry is false",
  403: "The key may not do this; or the deployment has no operators",
  404: "There is nothing of that name",
  409: "What is there stands in the way; the message says how to go on",
  413: "The body is too large",
  415: "The body is no JSON",
  429: "The caller has reached a limit, or every attempt met one; retry-after says how long to wait",
  500: "A defect of the router",
  502: "Every attempt failed",
  501: "The deployment lacks a binding, which the message names",
  503:
    "The router has no vendor's key, cannot decide, cannot reach what it keeps, or leaves every vendor alone for a " +
    "while (retry-after)",
  504: "No vendor answered in time",
};

const ANSWER_HEADERS: Record<string, string> = {
  "x-sluice-model": "The model that answered",
  "x-sluice-decision": "The rule that chose the first attempt",
  "x-sluice-score": "Predicted probability of a good answer",
  "x-sluice-weights": "The weights that decided: version@sha256",
  "x-sluice-attempts": "Calls made, the successful one included",
  "x-sluice-hedged": "The model that a hedge hung up on, where there was one",
  "x-sluice-hedge-cost-usd": "What that may have cost, estimated; part of the cost",
  "x-sluice-cache": "hit, semantic, rewrite, miss, or bypass where the cache was not asked",
  age: "Of a kept answer, the seconds since a vendor gave it",
  "x-sluice-cost-usd": "What the answer cost; a stream says so in its last chunk",
  "x-sluice-saved-usd": "Against the reference model; negative where it cost more",
  "server-timing": "Milliseconds of waiting: route, upstream, total",
};

/** Headers and knobs of predictions and kept answers; where a model is named for something else there are none. */
const OF_CHATS = new Set([
  "age",
  "x-sluice-cache-ttl-s",
  "x-sluice-cache-tags",
  "x-sluice-cache-rewrite",
  "x-sluice-score",
  "x-sluice-weights",
  "x-sluice-saved-usd",
  "x-sluice-hedged",
  "x-sluice-hedge-cost-usd",
  "x-sluice-hedge",
  "x-sluice-max-latency-ms",
]);

/** What callers are told who have budgets or rate limits. */
const LIMIT_HEADERS: Record<string, string> = {
  "x-sluice-budget-limit-usd": "Of the budget with the least left, hard ones first",
  "x-sluice-budget-remaining-usd": "What is neither spent nor held of it",
  "x-sluice-budget-held-usd": "What requests under way may still cost",
  "x-sluice-budget-reset": "Seconds until its window ends, or the next of what slides comes back",
  "x-sluice-budget-warning": "Soft budgets that are spent",
  "x-ratelimit-limit-requests": "OpenAI's convention: the rate limit with the least left",
  "x-ratelimit-remaining-requests": "What is left of it",
  "x-ratelimit-reset-requests": "When the next of it comes back, as 3s",
  "x-ratelimit-limit-tokens": "The same of tokens",
  "x-ratelimit-remaining-tokens": "What is left of them",
  "x-ratelimit-reset-tokens": "When the next of them come back, as 3s",
  "ratelimit-policy": "The IETF draft's: every rate limit",
  ratelimit: "What is left of each, and when the next of it comes back",
};

/** Of answers that a hard or a paced budget had a say in. */
const BUDGET_HEADERS: Record<string, string> = {
  "x-sluice-budget-lambda": "λ of score − λ · cost / reference cost, where a paced budget set it",
  "x-sluice-stopped":
    "budget where a spent one has ended the answer early; a stream says so in its last chunk",
};

const RETRY_HEADERS: Record<string, string> = {
  "retry-after": "Seconds to wait, where it is known",
  "retry-after-ms": "The same in milliseconds",
  "x-should-retry": "false where a second try cannot help",
};

const SPENT_HEADERS: Record<string, string> = {
  "x-sluice-cost-usd": "What vendors may bill all the same, where that is anything",
};

/** The whole document. Always the same. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    const path = (paths[operation.path] ??= {});
    path[operation.method] = operationOf(operation);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Sluice",
      version: "1",
      description:
        "An LLM router: one endpoint, and for every prompt the model that is worth its price.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "The deployment's SLUICE_API_KEY" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "The same" },
        operator: {
          type: "http",
          scheme: "bearer",
          description:
            "The deployment's SLUICE_ADMIN_KEY; opens /admin and /metrics, and nothing else does",
        },
      },
      schemas: componentsOf(OPERATIONS),
    },
  };
}

function operationOf(operation: Operation): Json {
  const { id, summary, description, isRouted, body, query = {} } = operation;
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, { schema, description: what }]) => ({
    name,
    in: "query",
    description: what,
    schema: jsonOf(schema, "input"),
  }));
  const parameters = [...inPath, ...inQuery, ...(isRouted ? knobParameters(operation) : [])];
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    ...securityOf(operation),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: bodySchema(operation) } },
      },
    }),
    responses: { 200: success(operation), ...errorsOf(operation) },
  };
}

/** Nothing for what any client's key opens, which is the document's default. */
function securityOf({ isOpen, isAdmin }: Operation): Json {
  if (isOpen) return { security: [] };
  return isAdmin ? { security: [{ operator: [] }] } : {};
}

function knobParameters(operation: Operation): Json[] {
  const schemas = new Map<string, z.ZodType>(Object.entries(KNOBS.shape));
  return KNOB_HEADERS.filter(({ header }) => isTrueOf(operation, header)).map(
    ({ header, knob, allowed }) => ({
      name: header,
      in: "header",
      description: `Allowed: ${allowed}. Counts before ${knob} in the body's sluice object`,
      schema: jsonOf(schemas.get(knob)!, "input"),
    }),
  );
}

/** Every routed request takes the knobs, whatever its wire format. */
function bodySchema({ body, isRouted }: Operation): Json {
  if (!isRouted) return refTo(body!);
  return {
    allOf: [refTo(body!), { properties: { sluice: { $ref: "#/components/schemas/Knobs" } } }],
  };
}

function isTrueOf({ isNamed }: Operation, header: string): boolean {
  return !isNamed || !OF_CHATS.has(header);
}

/** Where clients of each format look for the request's id. */
function tagHeadersOf({ hasAnthropicErrors }: Operation): Record<string, string> {
  return {
    "x-sluice-request-id": "The request's id, as in the log",
    [hasAnthropicErrors ? "request-id" : "x-request-id"]: "The same, where SDKs look for it",
  };
}

function answerHeadersOf(operation: Operation): Record<string, string> {
  if (operation.isAdmin) return { "cache-control": "no-store" };
  if (operation.isOfBudgets || operation.isLimited) return LIMIT_HEADERS;
  if (!operation.isRouted) return {};
  const entries = Object.entries(ANSWER_HEADERS).filter(([name]) => isTrueOf(operation, name));
  const ofBudgets = operation.isNamed ? {} : BUDGET_HEADERS;
  return { ...Object.fromEntries(entries), ...LIMIT_HEADERS, ...ofBudgets };
}

function success(operation: Operation): Json {
  const { answer, event, isRouted, isText, dryAnswer = ROUTE } = operation;
  const isDry = isRouted && answer !== dryAnswer;
  const schema = isDry ? { anyOf: [refTo(answer), refTo(dryAnswer)] } : refTo(answer);
  return {
    description: isDry ? "The answer; on a dry run the decision" : "The answer",
    headers: headersOf({ ...tagHeadersOf(operation), ...answerHeadersOf(operation) }),
    content: {
      [isText ? "text/plain" : "application/json"]: { schema },
      ...(event !== undefined && { "text/event-stream": { schema: refTo(event) } }),
    },
  };
}

function errorsOf(operation: Operation): Record<string, Json> {
  const error = operation.hasAnthropicErrors ? ANTHROPIC_ERROR : ERROR;
  return Object.fromEntries(
    statusesOf(operation).map((status) => [
      status,
      {
        description: STATUS_WORDS[status]!,
        headers: headersOf(errorHeadersOf(operation, status)),
        content: { "application/json": { schema: refTo(error) } },
      },
    ]),
  );
}

function statusesOf(operation: Operation): number[] {
  const { body, isOpen, isRouted, isLimited, canMiss, canConflict } = operation;
  return [
    ...(isOpen ? [] : [401, 403]),
    ...(body === undefined ? [] : [400, 413, 415]),
    ...(body === undefined && isReadStrictly(operation) ? [400] : []),
    ...(isRouted || canMiss ? [404] : []),
    ...(canConflict ? [409] : []),
    ...(isRouted ? [402, 429, 502, 503, 504] : []),
    ...(isLimited ? [429] : []),
    ...statusesOfStores(operation),
    500,
  ];
}

/** Of what a deployment may lack, or not reach. */
function statusesOfStores({ isAdmin, isOfBudgets, isOfStore }: Operation): number[] {
  return [...(isAdmin || isOfStore ? [501] : []), ...(isOfBudgets || isOfStore ? [503] : [])];
}

/** Whether the path or the query may be understood and be wrong all the same. */
function isReadStrictly({ query, canMiss, isAdmin }: Operation): boolean {
  return query !== undefined || (canMiss === true && isAdmin !== true);
}

function errorHeadersOf(operation: Operation, status: number): Record<string, string> {
  const isOfLimits = status === 402 || status >= 429;
  return {
    ...tagHeadersOf(operation),
    ...(isOfLimits && RETRY_HEADERS),
    ...(operation.isRouted && (status === 400 || isOfLimits) && SPENT_HEADERS),
    ...((operation.isRouted || operation.isLimited) && isOfLimits && LIMIT_HEADERS),
  };
}

function headersOf(words: Record<string, string>): Json {
  return Object.fromEntries(
    Object.entries(words).map(([name, description]) => [
      name,
      { description, schema: { type: "string" } },
    ]),
  );
}

function refTo({ name }: Named): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** Requests as clients may write them, answers as they are sent. */
function componentsOf(operations: readonly Operation[]): Record<string, Json> {
  const inputs = operations.flatMap(({ body }) => body ?? []);
  const outputs = operations.flatMap(({ answer, event, dryAnswer }) => [
    answer,
    ...(event ? [event] : []),
    ...(dryAnswer ? [dryAnswer] : []),
  ]);
  return Object.fromEntries([
    ["Knobs", jsonOf(KNOBS, "input")],
    ...inputs.map(({ name, schema }) => [name, jsonOf(schema, "input")] as const),
    ...[...outputs, ERROR, ANTHROPIC_ERROR].map(
      ({ name, schema }) => [name, jsonOf(schema, "output")] as const,
    ),
  ]);
}

function jsonOf(schema: z.ZodType, io: "input" | "output"): Json {
  // "$schema" is the document's own; inside a component it would claim a dialect of its own.
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, target: "draft-2020-12" });
  return json;
}
