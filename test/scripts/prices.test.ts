/** `npm run prices` as its users run it: it shows first, writes when told to, and stops at slips of the hand. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { parseCatalog } from "../../router-models/catalog.ts";
import { textOf } from "../../scripts/onboarding/catalog-file.ts";
import { madePrices } from "./pricing/made-prices.ts";
import { ranCommand } from "./ran-command.ts";

const LIST = "test/fixtures/prices/litellm.json";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-prices-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function catalogFile(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, textOf(madePrices()));
  return path;
}

describe("prices", () => {
  it("shows the difference and writes nothing, until it is told to", async ({ expect }) => {
    const path = await catalogFile("shown.json");
    const shown = await ranCommand("scripts/prices.ts", "--from", LIST, "--catalog", path);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toContain("  inputUsdPerMTok  0.2 → 0.3  +50 %\n");
    expect(shown.stdout).toContain("not in the list: acme/acme-small");
    expect(await readFile(path, "utf8")).toBe(textOf(madePrices()));

    const args = ["--from", LIST, "--catalog", path, "--write", "--date", "2026-11-22"];
    const written = await ranCommand("scripts/prices.ts", ...args);
    expect(written).toMatchObject({ code: 0, stderr: "" });
    const text = await readFile(path, "utf8");
    const after = parseCatalog(JSON.parse(text));
    expect(textOf(after)).toBe(text);
    expect(after.version).toBe("2026-11-22");
    expect(after.models[0]!.price.inputUsdPerMTok).toBe(0.3);
    expect(after.models[0]!.sources[0]).toEqual({
      what: "price",
      url: "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json",
      seen: "2026-11-22",
    });
    expect((await readdir(folder)).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  it("stops at a tenfold price, until that model is forced", async ({ expect }) => {
    const path = await catalogFile("tenfold.json");
    const list = join(folder, "list.json");
    const quote = { litellm_provider: "acme", mode: "chat", input_cost_per_token: 2e-6 };
    await writeFile(
      list,
      JSON.stringify({ "acme-large": { ...quote, output_cost_per_token: 2e-6 } }),
    );
    const args = ["--from", list, "--catalog", path, "--write", "--json"];
    const stopped = await ranCommand("scripts/prices.ts", ...args);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toBe(
      "prices: nothing was written: acme/acme-large would change tenfold\n",
    );
    expect(JSON.parse(stopped.stdout)).toMatchObject({ isWritten: false, format: "litellm" });
    expect(await readFile(path, "utf8")).toBe(textOf(madePrices()));

    const forced = await ranCommand("scripts/prices.ts", ...args, "--force", "acme/acme-large");
    expect(forced.code).toBe(0);
    expect(await readFile(path, "utf8")).toContain('"inputUsdPerMTok": 2,');
  });

  it("says what is wrong with a call or a file", async ({ expect }) => {
    const [help, none, day, foreign] = await Promise.all([
      ranCommand("scripts/prices.ts", "--help"),
      ranCommand("scripts/prices.ts"),
      ranCommand("scripts/prices.ts", "--from", LIST, "--date", "today"),
      ranCommand("scripts/prices.ts", "--from", "package.json"),
    ]);
    expect(help.stdout).toContain("--force NAME");
    expect(none).toMatchObject({ code: 1, stderr: "prices: --from wants a price list\n" });
    expect(day.stderr).toContain("YYYY-MM-DD");
    expect(foreign).toMatchObject({ code: 1 });
    expect(foreign.stderr).toContain("package.json: has no price");
  });
});
