/**
 * What an SDK is asked to do in the end-to-end suite, whatever it calls it. A driver holds one SDK's own idiom for
 * each and nothing else: no workaround, no patched call, so that what passes here is what its users write.
 */
import type { z } from "zod";

/** Where the SDK is pointed at, and how often it may try again by itself. */
export interface Connection {
  /** Ends in `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly maxRetries: number;
}

export interface Question {
  readonly model: string;
  readonly prompt: string;
  /** A picture as a data: URL. */
  readonly image?: string;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly text: string;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** A function that the model may call; what it answers goes back to the model. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: z.ZodObject;
  readonly answer: string;
}

export interface ToolUse {
  /** The calls of the first answer, in order. */
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  /** The text of the answer after the results. */
  readonly text: string;
}

/** The refusals that an SDK's users tell apart. */
export type Trouble = "bad request" | "authentication" | "not found" | "rate limit" | "quota";

/** One SDK, connected. */
export interface Client {
  ask(question: Question): Promise<Answer>;
  /** The text in pieces as they arrive. */
  stream(question: Question): AsyncIterable<string>;
  useTools(question: Question, tools: readonly Tool[]): Promise<ToolUse>;
  fillIn(question: Question, schema: z.ZodObject): Promise<unknown>;
  embed(model: string, texts: readonly string[]): Promise<readonly (readonly number[])[]>;
}

/** An SDK, and what its users can rely on when something is refused. */
export interface Sdk {
  readonly name: string;
  connect(connection: Connection): Client;
  /** What a caught error is, by the type that the SDK gives it; undefined for any other error. */
  troubleOf(error: unknown): Trouble | undefined;
}
