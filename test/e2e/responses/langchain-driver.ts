/** LangChain's ChatOpenAI with useResponsesApi. */
import {
  HumanMessage,
  ToolMessage,
  type AIMessage,
  type AIMessageChunk,
  type BaseMessage,
} from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { APIError } from "openai";
import { z } from "zod";
import { LOOK_UP, MODEL, type Answer, type Driver, type Place, type Question } from "./driver.ts";

function modelOf({ url, apiKey = "sk-none", fetch }: Place, { model = MODEL, retries = 0 } = {}) {
  return new ChatOpenAI({
    model,
    apiKey,
    useResponsesApi: true,
    maxRetries: retries,
    configuration: { baseURL: `${url}/v1`, ...(fetch && { fetch }) },
  });
}

function messageOf({ prompt, picture }: Question): BaseMessage {
  if (picture === undefined) return new HumanMessage(prompt);
  const image = { type: "image_url" as const, image_url: { url: picture } };
  return new HumanMessage({ content: [{ type: "text", text: prompt }, image] });
}

/** Its type is lost where messages have no structure of their own. */
const USAGE = z.object({ input_tokens: z.number(), output_tokens: z.number() });

function answerOf(message: AIMessage | AIMessageChunk): Answer {
  const usage = USAGE.safeParse(message.usage_metadata).data;
  const thoughts = message.contentBlocks.filter((block) => block.type === "reasoning");
  return {
    text: message.text,
    reasoning: thoughts.map((block) => block.reasoning).join(""),
    inputTokens: usage?.input_tokens,
    outputTokens: usage?.output_tokens,
  };
}

function optionsOf({ signal }: Question) {
  return signal === undefined ? {} : { signal };
}

export const LANGCHAIN: Driver = {
  name: "langchain",
  errors: {
    400: "BadRequestError",
    401: "AuthenticationError",
    404: "NotFoundError",
    429: "RateLimitError",
    502: "InternalServerError",
  },
  async ask(place, question) {
    const model = modelOf(place, question);
    return answerOf(await model.invoke([messageOf(question)], optionsOf(question)));
  },
  async stream(place, question, onPiece = () => {}) {
    const stream = await modelOf(place, question).stream(
      [messageOf(question)],
      optionsOf(question),
    );
    let whole: AIMessageChunk | undefined;
    for await (const chunk of stream) {
      if (chunk.text !== "") onPiece(chunk.text);
      whole = whole === undefined ? chunk : whole.concat(chunk);
    }
    return answerOf(whole!);
  },
  async useTools(place, question, tide) {
    const model = modelOf(place).bindTools([{ type: "function", function: LOOK_UP }]);
    const messages: BaseMessage[] = [messageOf(question)];
    for (;;) {
      const answer = await model.invoke(messages);
      messages.push(answer);
      if (!answer.tool_calls?.length) return answer.text;
      for (const { id = "", args } of answer.tool_calls)
        messages.push(
          new ToolMessage({ tool_call_id: id, content: tide(String(args["harbour"])) }),
        );
    }
  },
  async fill(place, question) {
    const schema = z.object({ harbour: z.string(), depth_m: z.number() });
    const model = modelOf(place).withStructuredOutput(schema, { name: "berth" });
    return await model.invoke([messageOf(question)]);
  },
  async converse(place, first, second) {
    const model = modelOf(place);
    const messages: BaseMessage[] = [new HumanMessage(first)];
    messages.push(await model.invoke(messages), new HumanMessage(second));
    return (await model.invoke(messages)).text;
  },
  raised(error) {
    if (!(error instanceof APIError)) throw error;
    return { name: error.constructor.name, status: error.status, message: error.message };
  },
};
