/** That what is tested is the policy that serves, at every margin. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { MARGINS } from "../../../router-models/certificate.ts";
import { testPanel, type PanelInput } from "../../../scripts/certification/panel.ts";
import { policySchema } from "../../../worker/domain/policy.ts";
import { buildCandidates } from "../../../worker/routing/candidates.ts";
import { decide } from "../../../worker/routing/decide.ts";
import { catalogOf } from "../../router-models/made-catalog.ts";
import { outcomeRow } from "../evaluation/outcome-rows.ts";
import { forecastOf, scoredRows } from "./made-rows.ts";

const IDS = ["acme/strong", "bolt/middle", "crux/small", "acme/tiny"];
const CATALOG = catalogOf(
  Object.fromEntries(IDS.map((id, at) => [id, { usdPerMTok: 1_000 / 10 ** at }])),
);

function inputOf(
  forecasts: ReturnType<typeof scoredRows>,
  more: Partial<PanelInput> = {},
): PanelInput {
  const rows = [...forecasts.keys()];
  return {
    name: "quiz",
    sha256: "0".repeat(64),
    rows,
    forecasts,
    catalog: CATALOG,
    floor: 0.9,
    ...more,
  };
}

describe("a tested panel", () => {
  it("answers at each margin as the service does with that certificate", ({ expect }) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const forecasts = scoredRows(IDS, { count: 3, seed });
        const { data, rows } = testPanel(inputOf(forecasts));
        expect(data.reference).toBe("acme/strong");
        [...forecasts].forEach(([row, forecast], n) => {
          const policy = policySchema.parse({ quality: 0.9 });
          const needs = { capabilities: [], contextTokens: 0 };
          const { candidates } = buildCandidates({
            catalog: CATALOG,
            forecast,
            needs,
            policy,
            isServed: () => true,
          });
          MARGINS.forEach((margin, step) => {
            const floors = [{ floor: 0.9, confidence: 0.9, margin, rows: 1 }];
            const decision = decide({
              candidates,
              excluded: [],
              policy,
              certificate: { data: [data], floors },
            });
            const chosen = decision.attempts[0]!.model;
            expect(rows[n]!.answers[step]).toEqual({
              quality: row.scores[chosen],
              isByReference: chosen === "acme/strong",
            });
          });
        });
      }),
      { numRuns: 20 },
    );
  });

  it("answers without a certificate as the service does", ({ expect }) => {
    const scores = { "acme/strong": 0.9, "bolt/middle": 0.82, "crux/small": 0.8, "acme/tiny": 0.1 };
    const row = outcomeRow({
      scores: { "acme/strong": 1, "bolt/middle": 0.7, "crux/small": 0.2, "acme/tiny": 0 },
    });
    const { rows } = testPanel(inputOf(new Map([[row, forecastOf(scores)]])));
    expect(rows[0]).toMatchObject({
      gid: row.gid,
      task: "math",
      reference: 1,
      predicted: { quality: 0.7, isByReference: false },
    });
  });

  it("holds the models that nine in ten rows have, with their prices, and rows that have them all", ({
    expect,
  }) => {
    const forecasts = scoredRows(IDS, { count: 20, seed: 1 });
    [...forecasts.keys()].slice(0, 3).forEach(({ scores }) => delete scores["acme/tiny"]);
    delete [...forecasts.keys()][5]!.scores["crux/small"];
    const { data, rows } = testPanel(inputOf(forecasts));
    expect(Object.keys(data.models)).toEqual(IDS.slice(0, 3));
    expect(data.models["bolt/middle"]).toEqual({ inputUsdPerMTok: 100, outputUsdPerMTok: 100 });
    expect(rows).toHaveLength(19);
    expect(data.rows).toBe(19);
  });

  it("counts a question once", ({ expect }) => {
    const forecasts = scoredRows(IDS, { count: 2, seed: 1 });
    const [row, forecast] = [...forecasts][0]!;
    forecasts.set({ ...row, id: "again" }, forecast);
    expect(testPanel(inputOf(forecasts)).rows).toHaveLength(2);
  });

  it("is refused with the set's name where there is nothing to choose among", ({ expect }) => {
    const forecasts = scoredRows(IDS, { count: 5, seed: 1 });
    expect(() => testPanel(inputOf(forecasts, { catalog: CATALOG.slice(0, 1) }))).toThrow(
      /^quiz: 5 rows .* and 1 models/,
    );
    expect(() => testPanel(inputOf(new Map()))).toThrow(/^quiz: /);
    [...forecasts.keys()].forEach((row, n) => (row.scores = { [IDS[n % 2]!]: 1 }));
    expect(() => testPanel(inputOf(forecasts))).toThrow(/^quiz: /);
  });
});
