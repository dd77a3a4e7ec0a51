/**
 * What the clients of a storm ask: short, ordinary and long answers, of several vendors' formats, streamed and
 * whole. The long ones look like questions for a line, so their answers outgrow what was held for them.
 */
import { between, pick, type Random } from "../../worker/lib/prng.ts";

export interface StormRequest {
  readonly number: number;
  readonly model: string;
  readonly isStream: boolean;
  readonly content: string;
  /** `response_format`. */
  readonly format?: object;
}

/** Three formats, and one question in four is the router's to decide. */
const MODELS = [
  "mistral/mistral-large-2512",
  "together/gemma-4-31b-it",
  "anthropic/claude-haiku-5-5",
  "auto:cost",
] as const;

/** Those that keep to a schema; the second thinks, and shows nothing of it. */
const LONG_MODELS = ["mistral/mistral-large-2512", "anthropic/claude-haiku-5-5"] as const;

const QUESTIONS = {
  brief: "What is the capital of Peru?",
  ordinary: "How does a canal lock lift boats?",
  long: "Yes or no: does a canal lock lift boats?",
} as const;

/** Of all questions; half of the others are brief. */
const LONG_SHARE = 0.25;

/** A line for a question is foreseen, and a page is what its format makes of it: some thousand tokens. */
const LONG_FORMAT = {
  type: "json_schema",
  json_schema: {
    name: "page",
    schema: {
      type: "object",
      required: ["lines"],
      properties: {
        lines: {
          type: "array",
          minItems: 60,
          maxItems: 90,
          items: {
            const: "The lock fills until both levels agree, and then the gate opens by itself.",
          },
        },
      },
    },
  },
} as const;

/** `count` of them. @param streams The share that is streamed. */
export function stormRequests(
  count: number,
  { streams, random }: { streams: number; random: Random },
): StormRequest[] {
  return Array.from({ length: count }, (_, number) => {
    const others = random() < 0.5 ? "brief" : "ordinary";
    const kind = random() < LONG_SHARE ? "long" : others;
    return {
      number,
      model: pick(random, kind === "long" ? LONG_MODELS : MODELS),
      isStream: random() < streams,
      content: `${QUESTIONS[kind]} (${between(random, 100_000, 999_999)})`,
      ...(kind === "long" && { format: LONG_FORMAT }),
    };
  });
}

/** The last of the money is spent with these, one after the other. */
export function lastRequest(number: number): StormRequest {
  const [, model] = MODELS;
  return { number, model, isStream: false, content: `Yes or no: is the plan good? (${number})` };
}
