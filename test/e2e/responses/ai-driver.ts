/** The Vercel AI SDK with @ai-sdk/openai, whose default is the Responses API. */
import { createOpenAI } from "@ai-sdk/openai";
import {
  APICallError,
  generateText,
  jsonSchema,
  Output,
  RetryError,
  stepCountIs,
  streamText,
  tool,
  type ModelMessage,
} from "ai";
import { z } from "zod";
import { LOOK_UP, MODEL, type Driver, type Place, type Question } from "./driver.ts";

function modelOf({ url, apiKey = "sk-none", fetch }: Place, model = MODEL) {
  return createOpenAI({ apiKey, baseURL: `${url}/v1`, ...(fetch && { fetch }) })(model);
}

function settingsOf(place: Place, { prompt, picture, model, signal, retries = 0 }: Question) {
  const file = { type: "file" as const, mediaType: "image/png", data: picture ?? "" };
  const content = [
    { type: "text" as const, text: prompt },
    ...(picture === undefined ? [] : [file]),
  ];
  const messages: ModelMessage[] = [{ role: "user", content }];
  return {
    model: modelOf(place, model),
    maxRetries: retries,
    messages,
    ...(signal !== undefined && { abortSignal: signal }),
  };
}

/** Items are not kept, so the SDK must send their content and not refer to them. */
const STATELESS = { providerOptions: { openai: { store: false } } };

export const AI: Driver = {
  name: "ai",
  errors: {
    400: "AI_APICallError",
    401: "AI_APICallError",
    404: "AI_APICallError",
    429: "AI_APICallError",
    502: "AI_APICallError",
  },
  async ask(place, question) {
    const { text, reasoningText = "", usage } = await generateText(settingsOf(place, question));
    const { inputTokens, outputTokens } = usage;
    return { text, reasoning: reasoningText, inputTokens, outputTokens };
  },
  async stream(place, question, onPiece = () => {}) {
    const broken: unknown[] = [];
    const result = streamText({
      ...settingsOf(place, question),
      onError: ({ error }) => void broken.push(error),
    });
    for await (const piece of result.textStream) onPiece(piece);
    if (broken.length > 0) throw broken[0];
    const { inputTokens, outputTokens } = await result.usage;
    const reasoning = (await result.reasoningText) ?? "";
    return { text: await result.text, reasoning, inputTokens, outputTokens };
  },
  async useTools(place, question, tide) {
    const { name, description, parameters } = LOOK_UP;
    const inputSchema = jsonSchema<{ harbour: string }>({
      ...parameters,
      required: [...parameters.required],
    });
    async function execute({ harbour }: { harbour: string }): Promise<string> {
      return tide(harbour);
    }
    const { text } = await generateText({
      ...settingsOf(place, question),
      tools: { [name]: tool({ description, inputSchema, execute }) },
      stopWhen: stepCountIs(4),
    });
    return text;
  },
  async fill(place, question) {
    const schema = z.object({ harbour: z.string(), depth_m: z.number() });
    const output = Output.object({ schema, name: "berth" });
    return (await generateText({ ...settingsOf(place, question), output })).output;
  },
  async converse(place, first, second) {
    const settings = { ...settingsOf(place, { prompt: first }), ...STATELESS };
    const { response } = await generateText(settings);
    const next: ModelMessage = { role: "user", content: second };
    const messages = [...settings.messages, ...response.messages, next];
    return (await generateText({ ...settings, messages })).text;
  },
  raised(error) {
    const last = RetryError.isInstance(error) ? error.lastError : error;
    if (APICallError.isInstance(last))
      return { name: last.name, status: last.statusCode, message: last.message };
    if (!(last instanceof Error)) throw new Error(JSON.stringify(last), { cause: last });
    return { name: last.name, status: undefined, message: last.message };
  },
};
