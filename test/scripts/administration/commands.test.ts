/** What each command asks a deployment for, what it shows of the answer, and what it refuses before it asks. */
import { describe, it } from "vitest";
import { readLine } from "../../../scripts/administration/command-line.ts";
import { connect, type Connection } from "../../../scripts/administration/connection.ts";

const KEY = {
  id: "key_a1b2c3d4e5f6",
  tenant: "shop",
  status: "active",
  name: "ci",
  scopes: ["inference"],
  policy: { preset: "cost" },
  budgets: [],
  limits: [],
  hint: "wxyz",
  created_at: "2026-11-22T10:00:00.000Z",
  tomorrows_field: 1,
};

const COUNTS = { hits: 12, semantic: 5, misses: 4, audits: 3, wrong: 1, saved_usd: 1.5 };

/** Reads as any answer that is not looked at. */
const ANY = { data: [], secret: "slc_any" };

const TENANT = {
  id: "shop",
  name: "The \u001b[31mshop",
  policy: { preset: "balanced", quality: 0.95 },
  budgets: [{ window: "month", limit_usd: 100 }],
  limits: [{ unit: "requests", limit: 60, window_s: 60 }],
};

/** Runs a command line against answers by path; what was not made up is answered as a key, tenant and list would be. */
async function ran(words: string, answers: Record<string, unknown> = {}) {
  const asked: unknown[] = [];
  const connection: Connection = {
    async ask(method, path, body) {
      asked.push(body === undefined ? [method, path] : [method, path, body]);
      return answers[`${method} ${path}`] ?? answers[path] ?? { ...ANY, ...KEY };
    },
  };
  const line = readLine(words.split(" "));
  if (line.kind === "help") throw new Error("only help was asked for");
  const outcome = await line.command.run({ ...line, connection });
  return { asked, outcome, text: outcome.text };
}

describe("npm run admin", () => {
  it.for<[words: string, method: string, path: string, body?: unknown]>([
    ["organisations", "GET", "/admin/organisations"],
    ["organization ls", "GET", "/admin/organisations"],
    ["org show acme", "GET", "/admin/organisations/acme"],
    ["organisation rm acme", "DELETE", "/admin/organisations/acme"],
    ["tenants", "GET", "/admin/tenants"],
    ["tenant get a/../b", "GET", "/admin/tenants/a%2F..%2Fb"],
    ["tenant create shop", "POST", "/admin/tenants", { id: "shop" }],
    [
      "tenant create shop --organisation acme --budget month:100:hard --limit requests:60/60s " +
        "--allow-models a/b,c/d --preset balanced --quality 0.95 --hedge auto",
      "POST",
      "/admin/tenants",
      {
        id: "shop",
        organisation: "acme",
        budgets: [
          {
            window: "month",
            limit_usd: 100,
            kind: "hard",
            time_zone: "UTC",
            alerts: [0.5, 0.8, 1],
            is_paced: false,
          },
        ],
        limits: [{ unit: "requests", limit: 60, window_s: 60 }],
        allow_models: ["a/b", "c/d"],
        policy: { preset: "balanced", quality: 0.95, hedge: "auto" },
      },
    ],
    [
      "tenant change shop --organisation none --allow-models any --budget none --disable",
      "PATCH",
      "/admin/tenants/shop",
      { organisation: null, allow_models: null, budgets: [], is_disabled: true },
    ],
    ["tenant change shop --enable", "PATCH", "/admin/tenants/shop", { is_disabled: false }],
    [
      "tenant change shop --disable --now",
      "PATCH",
      "/admin/tenants/shop",
      { is_disabled: true, now: true },
    ],
    ["tenant remove shop", "DELETE", "/admin/tenants/shop"],
    ["tenant remove shop --now", "DELETE", "/admin/tenants/shop?now=true"],
    ["keys --tenant shop", "GET", "/admin/tenants/shop/keys"],
    ["key show key_1", "GET", "/admin/keys/key_1"],
    ["key change key_1 --expires never", "PATCH", "/admin/keys/key_1", { expires_at: null }],
    [
      "key change key_1 --expires 2027-01-31",
      "PATCH",
      "/admin/keys/key_1",
      { expires_at: "2027-01-31T00:00:00.000Z" },
    ],
    ["key revoke key_1", "POST", "/admin/keys/key_1/revoke", { now: false }],
    ["key revoke key_1 --now", "POST", "/admin/keys/key_1/revoke", { now: true }],
    ["budget --tenant shop", "GET", "/admin/tenants/shop/budget"],
    ["feedback --tenant shop", "GET", "/admin/tenants/shop/feedback?after=0"],
    ["feedback erase --tenant shop", "DELETE", "/admin/tenants/shop/feedback"],
    ["events --tenant shop", "GET", "/admin/tenants/shop/events"],
    ["events erase --tenant shop", "DELETE", "/admin/tenants/shop/events"],
    [
      "tenant change shop --events prompts --events-days 30 --explore 50,0.02,2",
      "PATCH",
      "/admin/tenants/shop",
      {
        events: "prompts",
        events_days: 30,
        exploration: { sharpness: 50, floor: 0.02, max_cost_ratio: 2 },
      },
    ],
    ["tenant change shop --explore off", "PATCH", "/admin/tenants/shop", { exploration: null }],
    [
      "tenant change shop --judge 0.02,openai/gpt-5.4",
      "PATCH",
      "/admin/tenants/shop",
      { judge: { share: 0.02, model: "openai/gpt-5.4" } },
    ],
    ["tenant change shop --judge off", "PATCH", "/admin/tenants/shop", { judge: null }],
    [
      "tenant create shop --explore on --events off",
      "POST",
      "/admin/tenants",
      { id: "shop", exploration: {}, events: "off" },
    ],
    ["cache --tenant shop", "GET", "/admin/tenants/shop/cache"],
    ["cache purge --tenant shop", "POST", "/admin/tenants/shop/cache/purge", {}],
    [
      "cache purge --tenant shop --tag docs,v2",
      "POST",
      "/admin/tenants/shop/cache/purge",
      { tags: ["docs", "v2"] },
    ],
    [
      "tenant create vault --cache exact --cache-ttl 7d --private",
      "POST",
      "/admin/tenants",
      { id: "vault", policy: { cache: "exact", cache_ttl_s: 604_800 }, is_private: true },
    ],
    ["tenant change vault --not-private", "PATCH", "/admin/tenants/vault", { is_private: false }],
    ["budget unbilled acme", "GET", "/admin/organisations/acme/unbilled"],
    [
      "budget settle req_1 --organisation acme --usd 0.0012",
      "POST",
      "/admin/organisations/acme/settlements",
      { request_id: "req_1", cost_usd: 0.0012 },
    ],
  ])("%s", async ([words, ...asked], { expect }) => {
    expect((await ran(words)).asked).toEqual([asked]);
  });

  it("leaves alone what of a policy and an organisation is not named", async ({ expect }) => {
    const tenant = await ran("tenant change shop --quality none --preset cost", {
      "GET /admin/tenants/shop": TENANT,
    });
    expect(tenant.asked.at(-1)).toEqual([
      "PATCH",
      "/admin/tenants/shop",
      { policy: { preset: "cost" } },
    ]);
    const key = await ran("key change key_1 --max-cost 0.5", { "GET /admin/keys/key_1": KEY });
    expect(key.asked.at(-1)).toMatchObject([
      "PATCH",
      "/admin/keys/key_1",
      { policy: { preset: "cost", max_cost_usd: 0.5 } },
    ]);
    const acme = { id: "acme", name: "Acme", budgets: [{ window: "total", limit_usd: 5 }] };
    const { asked } = await ran("organisation set acme --name New", {
      "GET /admin/organisations": { data: [acme] },
    });
    expect(asked.at(-1)).toMatchObject([
      "PUT",
      "/admin/organisations/acme",
      { ...acme, name: "New" },
    ]);
  });

  it("gives a new secret alone to whoever asks for nothing else", async ({ expect }) => {
    const made = await ran(
      "key create --tenant shop --name ci --expires 30d --scopes inference,models",
      {
        "POST /admin/tenants/shop/keys": { ...KEY, secret: "slc_secret" },
      },
    );
    expect(made.asked).toEqual([
      [
        "POST",
        "/admin/tenants/shop/keys",
        { name: "ci", expires_in_s: 2_592_000, scopes: ["inference", "models"] },
      ],
    ]);
    expect(made.outcome.secret).toBe("slc_secret");
    expect(made.text()).toContain("slc_secret\n\nThis is shown once");
    const rotated = await ran("key rotate key_1 --grace 0s", {
      "/admin/keys/key_1/rotate": { ...KEY, secret: "slc_other" },
    });
    expect(rotated.asked).toEqual([["POST", "/admin/keys/key_1/rotate", { grace_s: 0 }]]);
  });

  it("shows tables without what would steer a terminal", async ({ expect }) => {
    const tenants = await ran("tenants", { "/admin/tenants": { data: [TENANT] } });
    expect(tenants.text()).toBe(
      [
        "tenant  organisation  name           budgets    limits          state",
        "shop    –             The ?[31mshop  month:100  requests:60/1m  served",
      ].join("\n"),
    );
    const keys = await ran("keys --tenant shop", { "/admin/tenants/shop/keys": { data: [KEY] } });
    expect(keys.text()).toContain("key_a1b2c3d4e5f6  ci    active  wxyz     inference  never");
    const shown = await ran("key show key_1", { "/admin/keys/key_1": KEY });
    expect(shown.text()).toContain("policy   preset=cost\ncreated  2026-11-22 10:00 UTC");
    const none = await ran("organisations", { "/admin/organisations": { data: [] } });
    expect(none.text()).toContain("organisation set ID");
  });

  it("shows budgets with bars", async ({ expect }) => {
    const row = { scope: "tenant", id: "shop", window: "month" };
    const { text } = await ran("budget --tenant shop", {
      "/admin/tenants/shop/budget": {
        budgets: [{ ...row, kind: "hard", limit_usd: 100, spent_usd: 25, held_usd: 10.5 }],
        limits: [{ ...row, unit: "requests", window: "60s", limit: 60, used: 90, resets_at: null }],
      },
    });
    expect(text()).toBe(
      [
        "of           what          kind  spent   held    limit    used                        resets",
        "tenant shop  usd month     hard  $25.00  $10.50  $100.00  #####++............. 36 %   –",
        "tenant shop  requests 60s  –     90      –       60       #################### 150 %  –",
      ].join("\n"),
    );
  });

  it("shows what a cache has saved, by day", async ({ expect }) => {
    const { text } = await ran("cache --tenant shop", {
      "/admin/tenants/shop/cache": {
        since: "2026-11-22T10:00:00.000Z",
        likeness: { state: "on", most_wrong: 0.0081, trips: 1 },
        ...COUNTS,
        days: [{ date: "2026-11-23", ...COUNTS }],
      },
    });
    expect(text()).toBe(
      [
        "day         hits  in other words  misses  share   audits  wrong  saved",
        "2026-11-23  12    5               4       75.0 %  3       1      $1.50",
        "all         12    5               4       75.0 %  3       1      $1.50",
        "",
        "Other words: on; 0.81 % wrong at most, tripped 1 times.",
        "Its oldest entry is of 2026-11-22 10:00 UTC or later.",
      ].join("\n"),
    );
  });

  it("shows what is kept of events", async ({ expect }) => {
    const { text } = await ran("events --tenant shop", {
      "/admin/tenants/shop/events": {
        days: 90,
        rows: 12,
        first_at: "2026-11-22T10:00:00.000Z",
        last_at: "2026-11-23T10:00:00.000Z",
        unfiled: 3,
        files_pending: 1,
        lost: 0,
      },
    });
    expect(text()).toBe(
      [
        "kept             90 days",
        "latest rows      12",
        "first            2026-11-22 10:00 UTC",
        "last             2026-11-23 10:00 UTC",
        "in no file yet   3",
        "files under way  1",
      ].join("\n"),
    );
  });

  it.for([
    ["tenat", '"tenat" is no command'],
    ["tenant frob", "there are list, create, show, change, remove"],
    ["tenant show", 'say which, as in "tenant show ID"'],
    ["tenant show a b", '"b" is one word too many'],
    ["tenants --grace 1d", "--grace is no flag of tenant list"],
    ["tenants --secret x", "Unknown option '--secret'"],
    ["tenant change shop", "nothing to change"],
    ["tenant change shop --enable --disable", "exclude one another"],
    ["tenant change shop --private --not-private", "exclude one another"],
    ["tenant create shop --cache refresh", "--cache"],
    ["tenant create shop --cache-ttl long", "--cache-ttl"],
    ["tenant create shop --quality 2", "--quality"],
    ["tenant create shop --budget none --budget day:5", "--budget none"],
    ["tenant change shop --events some", "--events"],
    ["tenant change shop --events-days 0.5", "--events-days"],
    ["tenant change shop --explore 1,2", "--explore"],
    ["tenant change shop --judge often", "--judge"],
    ["tenant change shop --explore 100,0.9,3", "--explore"],
    ["key change key_1 --events off", "--events is no flag of key change"],
    ["keys", "--tenant says whose"],
    ["key create --tenant shop --expires soon", "--expires"],
    ["key create --tenant shop --expires 2027-02-31T00:00:00Z", "--expires"],
    ["key create --tenant shop --scopes admin", "--scopes"],
    ["key rotate key_1 --grace long", "--grace"],
  ])("refuses %s before anything is asked", async ([words, why], { expect }) => {
    await expect(ran(words!)).rejects.toThrow(why);
  });

  it("has help for everything", ({ expect }) => {
    for (const [words, said] of [
      ["--help", "key rotate KEY"],
      ["help", "SLUICE_ADMIN_KEY"],
      ["key --help", "key revoke KEY"],
      ["tenant create --help", "--budget WORD"],
    ] as const) {
      const line = readLine(words.split(" "));
      expect(line).toMatchObject({ kind: "help", text: expect.stringContaining(said) });
    }
  });
});

describe("the way to a deployment", () => {
  const env = { SLUICE_ADMIN_KEY: "k" };

  it.for<[url: string, env: Record<string, string>, why: string]>([
    ["http://127.0.0.1:1", {}, "set SLUICE_ADMIN_KEY"],
    ["http://127.0.0.1:1", { SLUICE_ADMIN_KEY: "a b" }, "SLUICE_ADMIN_KEY must be one word"],
    ["http://127.0.0.1:1", { SLUICE_ADMIN_KEY: "a\r\nx: y" }, "SLUICE_ADMIN_KEY must be one word"],
    ["http://127.0.0.1:1", { ...env, CF_ACCESS_CLIENT_ID: "i" }, "go together"],
    ["http://sluice.example.com", env, "must be https"],
    ["http://127.0.0.1.example.com", env, "must be https"],
    ["https://user@sluice.example.com", env, "must be a deployment's address"],
    ["ftp://localhost", env, "must be a deployment's address"],
    ["sluice", env, "must be a deployment's address"],
  ])("is refused: %s with %j", ([url, given, why], { expect }) => {
    expect(() => connect(url, given)).toThrow(why);
  });

  it("may be Cloudflare Access alone", ({ expect }) => {
    const access = { CF_ACCESS_CLIENT_ID: "i", CF_ACCESS_CLIENT_SECRET: "s" };
    expect(() => connect("https://sluice.example.com/", access)).not.toThrow();
  });
});
