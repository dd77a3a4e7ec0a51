/** What a request needs of a model, and by which reason each filter turns a model away. */
import { describe, it } from "vitest";
import { REFUSALS, type CatalogModel } from "../../../router-models/catalog.ts";
import { estimateInputTokens } from "../../../router-models/features/extract.ts";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";
import { policySchema } from "../../../worker/domain/policy.ts";
import { promptOf } from "../../../worker/routing/prompt-of.ts";
import {
  canStream,
  exclusionOf,
  requirementsOf,
  type Requirements,
} from "../../../worker/routing/requirements.ts";
import { MODELS } from "../fixture/models.ts";

const HELLO = [{ role: "user", content: "abcdefgh" }]; // 6 tokens with its frame.
const PICTURE = { role: "user", content: [{ type: "image_url", image_url: { url: "u" } }] };
const SOUND = { role: "user", content: [{ type: "input_audio", input_audio: {} }] };
const TOOL = { type: "function", function: { name: "f" } };
const LARGE = MODELS.find(({ id }) => id === "openai/large")!;

function fileOf(file: Record<string, unknown>) {
  return [{ role: "user", content: [{ type: "file", file }] }, ...HELLO];
}

function needsOf(more: Record<string, unknown>): Requirements {
  const request = chatRequestSchema.parse({ model: "auto", messages: HELLO, ...more });
  const prompt = promptOf(request);
  return requirementsOf(request, { prompt, inputTokens: estimateInputTokens(prompt) });
}

describe("requirementsOf", () => {
  it("asks nothing special for plain text", ({ expect }) => {
    expect(needsOf({})).toEqual({ capabilities: [], contextTokens: 6 });
  });

  it.for([
    ["tools", { tools: [{ type: "function" }] }],
    ["vision", { messages: [PICTURE, ...HELLO] }],
    ["audio", { messages: [SOUND, ...HELLO] }],
    ["audio_output", { modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } }],
    ["files", { messages: fileOf({ file_data: "data:application/pdf;base64,AAAA" }) }],
    ["files", { messages: fileOf({ file_id: "file-1" }) }],
    ["web_search", { web_search_options: {} }],
    ["tools", { functions: [{ name: "f" }] }],
    ["json", { response_format: { type: "json_object" } }],
    ["json", { response_format: { type: "json_schema" } }],
    ["reasoning", { reasoning_effort: "low" }],
    ["reasoning", { thinking: { type: "adaptive" } }],
  ] as const)("needs %s for %j", ([capability, more], { expect }) => {
    expect(needsOf(more).capabilities).toEqual([capability]);
  });

  it.for([{ reasoning_effort: "none" }, { thinking: { type: "disabled" } }])(
    "needs no thinking for %j",
    (more, { expect }) => {
      expect(needsOf(more).capabilities).toEqual([]);
    },
  );

  it("needs everything at once where everything is there", ({ expect }) => {
    const all = {
      messages: [PICTURE, SOUND],
      tools: [{ type: "function" }],
      response_format: { type: "json_object" },
    };
    expect(needsOf(all).capabilities.toSorted()).toEqual(["audio", "json", "tools", "vision"]);
    const nothing = { tools: [], functions: [], modalities: ["text"], web_search_options: null };
    expect(needsOf(nothing).capabilities).toEqual([]);
  });

  it.for([
    [{ n: 2 }, ["n"]],
    [{ logprobs: true }, ["logprobs"]],
    [{ top_logprobs: 3 }, ["logprobs"]],
    [{ logit_bias: { 50256: -100 } }, ["logit_bias"]],
    [{ frequency_penalty: 0.1 }, ["penalties"]],
    [{ presence_penalty: -1 }, ["penalties"]],
    [{ temperature: 0 }, ["sampling"]],
    [{ top_p: 0.9 }, ["sampling"]],
    [{ top_k: 5 }, ["sampling"]],
    [{ temperature: 1.5 }, ["sampling", "temperature_above_1"]],
    [{ response_format: { type: "json_object" } }, ["json_object"]],
    [{ messages: fileOf({ file_data: "data:text/plain;base64,AAAA" }) }, ["other_files"]],
    [{ tools: [TOOL], stop: ["\n"] }, ["chat_only_tools"]],
    [{ tools: [TOOL], seed: 7 }, ["chat_only_tools"]],
    [{ tools: [TOOL], max_tokens: 15 }, ["chat_only_tools"]],
    [{ tools: [TOOL], presence_penalty: -1 }, ["penalties", "chat_only_tools"]],
    [{ functions: [{ name: "a" }] }, ["chat_only_tools"]],
    [{ stream: true, response_format: { type: "json_schema" } }, ["streamed_json"]],
  ] as const)("wishes by %j for %j", ([more, wishes], { expect }) => {
    expect(needsOf(more).wishes).toEqual(wishes);
  });

  it("wishes for nothing by what is the default", ({ expect }) => {
    const usual = { n: 1, logprobs: false, top_logprobs: 0, logit_bias: {}, temperature: 1 };
    const messages = fileOf({ file_data: "data:application/PDF;name=a.pdf;base64,AAAA" });
    const more = {
      top_p: 1,
      top_k: null,
      frequency_penalty: 0,
      presence_penalty: 0,
      seed: 7,
      messages,
    };
    expect(needsOf({ tools: [TOOL], functions: [], stop: [], seed: null })).not.toHaveProperty(
      "wishes",
    );
    expect(needsOf({ stop: "x", seed: 7 })).not.toHaveProperty("wishes");
    expect(needsOf({ ...usual, ...more })).not.toHaveProperty("wishes");
  });

  it.for([
    [{ max_tokens: 100 }, 100],
    [{ max_completion_tokens: 200 }, 200],
    [{ max_completion_tokens: 200, max_tokens: 100 }, 200],
    [{ max_completion_tokens: null, max_tokens: 100 }, 100],
  ] as const)("makes room for the answer that %j allows", ([more, room], { expect }) => {
    expect(needsOf(more)).toMatchObject({ contextTokens: 6 + room, maxOutputTokens: room });
  });

  it("counts the answers that are asked for", ({ expect }) => {
    expect(needsOf({ n: 4 }).answers).toBe(4);
    expect(needsOf({ n: null }).answers).toBeUndefined();
  });
});

const NEEDS = [
  "tools",
  "vision",
  "audio",
  "audio_output",
  "files",
  "web_search",
  "json",
  "reasoning",
] as const;

const able: CatalogModel = {
  ...LARGE,
  capabilities: NEEDS,
  contextTokens: 1_000,
};

function verdict(
  model: CatalogModel,
  needs: Partial<Requirements>,
  {
    allow,
    isServed = true,
    pinned,
  }: { allow?: string[]; isServed?: boolean; pinned?: string } = {},
) {
  const policy = policySchema.parse(allow === undefined ? {} : { allow_models: allow });
  return exclusionOf(
    model,
    { capabilities: [], contextTokens: 0, ...needs },
    { policy, isServed: () => isServed, pinned },
  );
}

describe("exclusionOf", () => {
  it("keeps one that nothing is known of for those who name it", ({ expect }) => {
    const unknown = { ...able, price: { inputUsdPerMTok: 0, outputUsdPerMTok: 0 } };
    expect(verdict(unknown, {})).toBe("not_placed");
    expect(verdict(unknown, {}, { allow: [unknown.id] })).toBe("not_placed");
    expect(verdict(unknown, {}, { pinned: unknown.id })).toBeUndefined();
    const score = { benchmark: "mmlu_pro", score: 0.7, source: "https://example.com" } as const;
    expect(verdict({ ...unknown, anchors: [score] }, {})).toBeUndefined();
  });

  it("lets an able model pass", ({ expect }) => {
    const needs = {
      capabilities: NEEDS,
      contextTokens: 1_000,
    };
    expect(verdict(able, needs, { allow: [able.id] })).toBeUndefined();
  });

  it.for(NEEDS)("turns away one without %s", (missing, { expect }) => {
    const lacking = {
      ...able,
      capabilities: able.capabilities.filter((name) => name !== missing),
    };
    expect(verdict(lacking, { capabilities: [missing] })).toBe(`lacks_${missing}`);
    expect(verdict(lacking, {})).toBeUndefined();
  });

  it.for(REFUSALS)("turns away a model that refuses %s", (wish, { expect }) => {
    const refusing = { ...able, refuses: [wish] };
    expect(verdict(refusing, { wishes: [wish] })).toBe(`refuses_${wish}`);
    expect(verdict(refusing, {})).toBeUndefined();
    expect(verdict(able, { wishes: [wish] })).toBeUndefined();
  });

  it("turns away a window that is one token too small", ({ expect }) => {
    expect(verdict(able, { contextTokens: 1_001 })).toBe("context_too_small");
  });

  it("names the first reason: permission, key, ability, room", ({ expect }) => {
    const bare = { ...able, capabilities: [] };
    const needs = { capabilities: ["tools"], contextTokens: 1_001 } as const;
    const others = { allow: ["other/model"], isServed: false };
    expect(verdict(bare, needs, others)).toBe("not_allowed");
    expect(verdict(bare, needs, { isServed: false })).toBe("no_vendor_key");
    expect(verdict(bare, needs)).toBe("lacks_tools");
    expect(verdict(able, needs)).toBe("context_too_small");
  });
});

describe("canStream", () => {
  const streaming: CatalogModel = { ...LARGE, capabilities: ["json", "streaming"] };
  const formless: CatalogModel = { ...streaming, refuses: ["streamed_json"] };
  const speech = { modalities: ["text", "audio"] };

  it.for<[boolean, CatalogModel, Record<string, unknown>]>([
    [true, streaming, { n: 3, tools: [TOOL], logprobs: true }],
    [true, streaming, { response_format: { type: "json_schema" }, stream: false }],
    [true, formless, { response_format: { type: "text" } }],
    [false, formless, { response_format: { type: "json_schema" }, stream: false }],
    [false, formless, { response_format: { type: "json_object" } }],
    [false, { ...streaming, capabilities: ["json"] }, {}],
    [true, streaming, { ...speech, audio: { voice: "alloy", format: "pcm16" } }],
    [false, streaming, { ...speech, audio: { voice: "alloy", format: "wav" } }],
    [false, streaming, speech],
  ])("is %s", ([expected, model, more], { expect }) => {
    const request = chatRequestSchema.parse({ model: "auto", messages: HELLO, ...more });
    expect(canStream(request, model)).toBe(expected);
  });
});
