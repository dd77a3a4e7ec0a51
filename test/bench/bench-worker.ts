/**
 * The Worker that scripts/bench.ts times: it repeats one part of a decision within one request.
 *
 * workerd's clock stands still while code computes, so nothing is timed here. The caller times whole
 * requests from outside and takes off what a request without repetitions costs.
 *
 *     POST /?part=all&iterations=1000     body: a JSON array of prompts, used in turn
 *
 * Parts: `features` of a prompt; `graph`, the ONNX run alone; `decide`, candidates and the choice;
 * `all`, the three as a request goes through them; `embed`, a text's vector, which no decision needs.
 */
import catalogJson from "../../router-models/catalog.json";
import { parseCatalog, type CatalogModel } from "../../router-models/catalog.ts";
import { extractFeatures } from "../../router-models/features/extract.ts";
import type { Prompt } from "../../router-models/features/prompt.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import { policySchema } from "../../worker/domain/policy.ts";
import { EMBEDDER } from "../../worker/inference/bundled-head.ts";
import { BUNDLED } from "../../worker/inference/bundled.ts";
import { RouterHost } from "../../worker/inference/router-host.ts";
import { buildCandidates } from "../../worker/routing/candidates.ts";
import { decide } from "../../worker/routing/decide.ts";
import { LatencyBook, type ExpectedTokens } from "../../worker/routing/latency-book.ts";
import { promptOf } from "../../worker/routing/prompt-of.ts";
import { requirementsOf } from "../../worker/routing/requirements.ts";

export {
  CacheObject,
  DirectoryObject,
  FeedbackObject,
  JournalObject,
  LedgerObject,
  NeighbourObject,
  VitalsObject,
  WatchObject,
} from "../../worker/objects.ts";

interface ChatRequest {
  readonly messages: { role: "user"; content: string }[];
  readonly [field: string]: unknown;
}

type Repeat = (request: ChatRequest) => unknown;

const catalog = parseCatalog(catalogJson);
const policy = policySchema.parse({});
const latency = new LatencyBook();
const { manifest } = BUNDLED.release;
const rows = manifest.features.tableRows;
const host = new RouterHost({
  bundled: BUNDLED,
  catalog,
  store: undefined,
  log: () => {},
  ttlMs: 0,
});

function choose(request: ChatRequest, prompt: Prompt, forecast: Forecast): unknown {
  const needs = requirementsOf(request, { prompt, inputTokens: forecast.inputTokens });
  const input = {
    catalog: catalog.models,
    forecast,
    needs,
    policy,
    isServed: () => true,
    latencyOf: (model: CatalogModel, tokens: ExpectedTokens) => latency.forecast(model, tokens, 0),
  };
  return decide({ ...buildCandidates(input), policy });
}

async function repeatOf(part: string | null, requests: readonly ChatRequest[]): Promise<Repeat> {
  switch (part ?? "") {
    case "features":
      return (request) => extractFeatures(promptOf(request), rows);
    case "graph": {
      const features = new Map(
        requests.map((request) => [request, extractFeatures(promptOf(request), rows)]),
      );
      return (request) => BUNDLED.graph.run(features.get(request)!);
    }
    case "decide": {
      const forecasts = new Map<ChatRequest, Forecast>();
      for (const request of requests)
        forecasts.set(request, (await host.score(promptOf(request))).forecast);
      return (request) => choose(request, promptOf(request), forecasts.get(request)!);
    }
    case "embed":
      return ({ messages }) => EMBEDDER.embed(messages[0]!.content);
    case "all":
      return async (request) => {
        const prompt = promptOf(request);
        return choose(request, prompt, (await host.score(prompt)).forecast);
      };
    default:
      throw new Error(`Cannot repeat ${part}`);
  }
}

export default {
  async fetch(httpRequest) {
    const url = new URL(httpRequest.url);
    const contents = await httpRequest.json<string[]>();
    const requests = contents.map((content): ChatRequest => ({
      messages: [{ role: "user", content }],
    }));
    const iterations = Number(url.searchParams.get("iterations"));
    const repeat = await repeatOf(url.searchParams.get("part"), requests);
    for (let i = 0; i < iterations; i++) await repeat(requests[i % requests.length]!);
    return new Response(host.weights);
  },
} satisfies ExportedHandler;
