/**
 * Gemini's own format at the simulated vendor: `models/<model>:generateContent` and
 * `:streamGenerateContent`. As Google does, it refuses a name that it does not know, so a router that
 * sends OpenAI's fields here gets a 400.
 *
 * Source: https://ai.google.dev/api/generate-content
 */
import { z } from "zod";
import type { Choice, Completion } from "./completion.ts";
import { readVendorRequest, type Refusal, type VendorRequest } from "./vendor-request.ts";
import type { Label, VendorFormat } from "./wire-format.ts";

const part = z.strictObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  inlineData: z.strictObject({ mimeType: z.string(), data: z.base64() }).optional(),
  fileData: z.strictObject({ mimeType: z.string().optional(), fileUri: z.url() }).optional(),
  functionCall: z
    .strictObject({
      id: z.string().optional(),
      name: z.string().min(1),
      args: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  functionResponse: z
    .strictObject({
      id: z.string().optional(),
      name: z.string().min(1),
      response: z.record(z.string(), z.unknown()),
    })
    .optional(),
});

const schema = z.record(z.string(), z.unknown());

const request = z.strictObject({
  contents: z
    .array(z.strictObject({ role: z.enum(["user", "model"]), parts: z.array(part).min(1) }))
    .min(1),
  systemInstruction: z.strictObject({ parts: z.array(part).min(1) }).optional(),
  tools: z
    .array(
      z.strictObject({
        functionDeclarations: z.array(
          z.strictObject({
            name: z.string().min(1),
            description: z.string().optional(),
            parametersJsonSchema: schema.optional(),
          }),
        ),
      }),
    )
    .optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z.strictObject({
        mode: z.enum(["AUTO", "ANY", "NONE", "VALIDATED"]),
        allowedFunctionNames: z.array(z.string()).optional(),
      }),
    })
    .optional(),
  generationConfig: z
    .strictObject({
      candidateCount: z.int().min(1).max(8).optional(),
      maxOutputTokens: z.int().positive().optional(),
      stopSequences: z.array(z.string()).max(5).optional(),
      seed: z.int().optional(),
      temperature: z.number().min(0).max(2).optional(),
      topP: z.number().optional(),
      topK: z.int().optional(),
      presencePenalty: z.number().optional(),
      frequencyPenalty: z.number().optional(),
      responseLogprobs: z.boolean().optional(),
      logprobs: z.int().min(0).max(20).optional(),
      responseMimeType: z.enum(["text/plain", "application/json"]).optional(),
      responseJsonSchema: schema.optional(),
      thinkingConfig: z.looseObject({}).optional(),
    })
    .optional(),
  cachedContent: z.string().optional(),
  safetySettings: z.array(z.looseObject({})).optional(),
});

type GoogleRequest = z.infer<typeof request>;
type Part = z.infer<typeof part>;

/** The format at this path below the base URL, which names model and method, or undefined. */
export function googleFormatAt(endpoint: string): VendorFormat | undefined {
  const [, model = "", method] =
    /^models\/([^:]+):(generate|streamGenerate)Content$/.exec(endpoint) ?? [];
  if (method === undefined) return undefined;
  return {
    read: (json) => read(json, { model, stream: method === "streamGenerate" }),
    body,
    frames,
    openingFrames: 0,
    frame,
    end: "",
    error,
  };
}

function read(
  json: unknown,
  asked: { readonly model: string; readonly stream: boolean },
): VendorRequest | Refusal {
  const parsed = request.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const param = issue?.path.join(".") ?? "";
    return { message: `Invalid value at '${param}': ${issue?.message}`, param: param || null };
  }
  const { contents, systemInstruction: system, tools = [], generationConfig = {} } = parsed.data;
  const declared = tools.flatMap(({ functionDeclarations }) => functionDeclarations);
  return readVendorRequest({
    ...asked,
    messages: [
      ...(system === undefined ? [] : [{ role: "system", content: contentOf(system.parts) }]),
      ...contents.flatMap(messagesOf),
    ],
    stream_options: { include_usage: true },
    max_tokens: generationConfig.maxOutputTokens,
    n: generationConfig.candidateCount,
    stop: generationConfig.stopSequences,
    seed: generationConfig.seed,
    tools: declared.map(({ name, description, parametersJsonSchema: parameters }) => ({
      type: "function",
      function: { name, description, parameters },
    })),
    tool_choice: choiceOf(parsed.data.toolConfig?.functionCallingConfig),
    response_format: formOf(generationConfig),
  });
}

function messagesOf({ role, parts }: GoogleRequest["contents"][number]): object[] {
  if (role === "model") return [{ role: "assistant", content: contentOf(parts) }];
  const results = parts.flatMap(({ functionResponse: result }) => result ?? []);
  const said = parts.filter(({ functionResponse: result }) => result === undefined);
  return [
    ...results.map(({ response }) => ({ role: "tool", content: JSON.stringify(response) })),
    ...(said.length > 0 ? [{ role: "user", content: contentOf(said) }] : []),
  ];
}

function contentOf(parts: readonly Part[]): string | object[] {
  const [only] = parts;
  if (parts.length === 1 && only?.text !== undefined) return only.text;
  return parts.map(({ text, inlineData, fileData }) => {
    if (text !== undefined) return { type: "text", text };
    const type = inlineData?.mimeType ?? fileData?.mimeType ?? "image/png";
    return { type: type.startsWith("image/") ? "image_url" : type };
  });
}

function choiceOf(
  config: { mode: string; allowedFunctionNames?: string[] | undefined } | undefined,
): unknown {
  const [name] = config?.allowedFunctionNames ?? [];
  if (config?.mode === "ANY") return name === undefined ? "required" : { function: { name } };
  return config?.mode === "NONE" ? "none" : "auto";
}

function formOf({
  responseMimeType: type,
  responseJsonSchema: json,
}: NonNullable<GoogleRequest["generationConfig"]>): object | undefined {
  if (type !== "application/json") return undefined;
  return json === undefined
    ? { type: "json_object" }
    : { type: "json_schema", json_schema: { schema: json } };
}

function body(completion: Completion, label: Label): object {
  const candidates = completion.choices.map((choice, index) => ({
    content: { parts: partsOf(choice), role: "model" },
    finishReason: reasonOf(choice),
    index,
  }));
  return { candidates, ...headOf(completion, label, true) };
}

function frame(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

function frames(completion: Completion, label: Label, hasUsage: boolean): string[] {
  const head = headOf(completion, label, hasUsage);
  const perChoice = completion.choices.map((choice, index) => {
    const isCall = choice.toolCalls.length > 0;
    const parts = isCall ? partsOf(choice) : choice.pieces.map((text) => ({ text }));
    const content = [...parts, { text: "" }].map((one) => ({ parts: [one], role: "model" }));
    return content.map((said, at) => {
      const isLast = at === parts.length;
      const candidate = { content: said, ...(isLast && { finishReason: reasonOf(choice) }), index };
      return { candidates: [candidate], ...head };
    });
  });
  const longest = Math.max(0, ...perChoice.map(({ length }) => length));
  const events = Array.from({ length: longest }, (_, at) =>
    perChoice.flatMap((own) => own[at] ?? []),
  );
  return events.flat().map(frame);
}

/** As Gemini does, the first call alone has a signature. */
function partsOf({ pieces: text, toolCalls }: Choice): object[] {
  if (toolCalls.length === 0) return [{ text: text.join("") }];
  return toolCalls.map(({ id, name, pieces }, index) => {
    const args: unknown = JSON.parse(pieces.join(""));
    return { functionCall: { id, name, args }, ...(index === 0 && { thoughtSignature: "c2lt" }) };
  });
}

const REASONS = {
  stop: "STOP",
  length: "MAX_TOKENS",
  tool_calls: "STOP",
  content_filter: "SAFETY",
} as const;

function reasonOf({ finishReason }: Choice): string {
  return REASONS[finishReason];
}

function headOf({ id, billed }: Completion, { model }: Label, hasUsage: boolean): object {
  const { promptTokens, completionTokens, reasoningTokens } = billed;
  const usageMetadata = {
    promptTokenCount: promptTokens,
    candidatesTokenCount: completionTokens - reasoningTokens,
    thoughtsTokenCount: reasoningTokens,
    totalTokenCount: promptTokens + completionTokens,
  };
  return { ...(hasUsage && { usageMetadata }), modelVersion: model, responseId: id };
}

const STATUS_WORD: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

function error(code: number, message: string): object {
  return { error: { code, message, status: STATUS_WORD[code] ?? "UNKNOWN" } };
}
