/**
 * What an application does with the Responses API, whatever SDK it uses: the suite of responses-sdk.test.ts asks for
 * this, and each driver does it in its SDK's own way.
 */

export interface Place {
  /** The worker's URL, without a path. */
  readonly url: string;
  readonly apiKey?: string;
  /** Stands in for the network. */
  readonly fetch?: typeof fetch;
}

export interface Question {
  readonly prompt: string;
  readonly model?: string;
  /** A data: URL. */
  readonly picture?: string;
  readonly signal?: AbortSignal;
  /** Tries after the first; none by default. */
  readonly retries?: number;
}

export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** What an error of the SDK's says, read where the SDK keeps it. */
export interface Raised {
  readonly name: string;
  readonly status: number | undefined;
  readonly message: string;
}

export interface Driver {
  readonly name: string;
  /** The names of the SDK's own errors, by status. */
  readonly errors: Readonly<Record<400 | 401 | 404 | 429 | 502, string>>;
  ask(place: Place, question: Question): Promise<Answer>;
  /** As `ask`, in pieces; throws what the SDK throws. @param onPiece Told each piece of text as it comes. */
  stream(place: Place, question: Question, onPiece?: (text: string) => void): Promise<Answer>;
  /** Offers `look_up_tide(harbour)`, answers each call with `tide(harbour)`, and returns what is said then. */
  useTools(place: Place, question: Question, tide: (harbour: string) => string): Promise<string>;
  /** An object {harbour: string, depth_m: number}, as the SDK's own structured output gives it. */
  fill(place: Place, question: Question): Promise<unknown>;
  /** Says `first`, takes the answer into the conversation, says `second`. */
  converse(place: Place, first: string, second: string): Promise<string>;
  raised(error: unknown): Raised;
}

export const MODEL = "openai/gpt-5.4";

/** The tool that everyone offers, as a JSON schema. */
export const LOOK_UP = {
  name: "look_up_tide",
  description: "Tide tables for a harbour",
  parameters: {
    type: "object",
    required: ["harbour"],
    properties: { harbour: { type: "string" } },
    additionalProperties: false,
  },
} as const;
