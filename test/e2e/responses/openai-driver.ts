/** The `openai` SDK: responses.create, .stream and .parse. */
import OpenAI, { APIError } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { LOOK_UP, MODEL, type Answer, type Driver, type Place, type Question } from "./driver.ts";

type Input = OpenAI.Responses.ResponseInput;

function clientOf({ url, apiKey = "sk-none", fetch }: Place, retries = 0): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: retries, ...(fetch && { fetch }) });
}

function inputOf({ prompt, picture }: Question): Input {
  const content: OpenAI.Responses.ResponseInputContent[] = [{ type: "input_text", text: prompt }];
  if (picture !== undefined)
    content.push({ type: "input_image", image_url: picture, detail: "auto" });
  return [{ role: "user", content }];
}

function answerOf({ output, output_text: text, usage }: OpenAI.Responses.Response): Answer {
  const thoughts = output.flatMap((item) => (item.type === "reasoning" ? item.summary : []));
  return {
    text,
    reasoning: thoughts.map((part) => part.text).join(""),
    inputTokens: usage?.input_tokens,
    outputTokens: usage?.output_tokens,
  };
}

/** The items that go into the next request as they are; of the other types there are none. */
function saidIn({ output }: OpenAI.Responses.Response) {
  return output.filter(
    (item) => item.type === "message" || item.type === "reasoning" || item.type === "function_call",
  );
}

export const OPENAI: Driver = {
  name: "openai",
  errors: {
    400: "BadRequestError",
    401: "AuthenticationError",
    404: "NotFoundError",
    429: "RateLimitError",
    502: "InternalServerError",
  },
  async ask(place, question) {
    const { model = MODEL, signal, retries } = question;
    const body = { model, input: inputOf(question) };
    return answerOf(await clientOf(place, retries).responses.create(body, { signal }));
  },
  async stream(place, question, onPiece = () => {}) {
    const { model = MODEL, signal } = question;
    const stream = clientOf(place).responses.stream(
      { model, input: inputOf(question) },
      { signal },
    );
    for await (const event of stream)
      if (event.type === "response.output_text.delta") onPiece(event.delta);
    return answerOf(await stream.finalResponse());
  },
  async useTools(place, question, tide) {
    const input = inputOf(question);
    const tools = [{ type: "function" as const, strict: true, ...LOOK_UP }];
    for (;;) {
      const response = await clientOf(place).responses.create({ model: MODEL, input, tools });
      const calls = response.output.filter((item) => item.type === "function_call");
      if (calls.length === 0) return response.output_text;
      input.push(...saidIn(response));
      for (const { call_id, arguments: json } of calls) {
        const { harbour } = z.object({ harbour: z.string() }).parse(JSON.parse(json));
        input.push({ type: "function_call_output", call_id, output: tide(harbour) });
      }
    }
  },
  async fill(place, question) {
    const schema = z.object({ harbour: z.string(), depth_m: z.number() });
    const text = { format: zodTextFormat(schema, "berth") };
    const body = { model: MODEL, input: inputOf(question), text };
    return (await clientOf(place).responses.parse(body)).output_parsed;
  },
  async converse(place, first, second) {
    const client = clientOf(place);
    const input = inputOf({ prompt: first });
    input.push(...saidIn(await client.responses.create({ model: MODEL, input })));
    input.push({ role: "user", content: second });
    return (await client.responses.create({ model: MODEL, input })).output_text;
  },
  raised(error) {
    if (!(error instanceof APIError)) throw error;
    return { name: error.constructor.name, status: error.status, message: error.message };
  },
};
