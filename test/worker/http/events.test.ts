/** Events over HTTP: what feedback adds to them, and what operators see and erase. */
import { env } from "cloudflare:test";
import { describe, it } from "vitest";
import type { LogRecord } from "../../../worker/domain/event.ts";
import { tenantSchema, type Tenant } from "../../../worker/domain/tenant.ts";
import { eventErasureSchema, eventViewSchema } from "../../../worker/http/wire/event-view.ts";
import { feedbackStore } from "../../../worker/learning/feedback-object.ts";
import { keepEvents } from "../../../worker/learning/journal/event-keeping.ts";
import { callerWith } from "../fixture/callers.ts";
import { memoryDirectory } from "../fixture/memory-directory.ts";
import { createService, errorOf, type ServiceOptions } from "../fixture/service.ts";
import { decided } from "../learning/journal/made-up-records.ts";

const ADMIN_KEY = "an-operators-key-of-some-length";

const { events: kept } = keepEvents({
  journalOf: (tenant) => env.JOURNAL.getByName(tenant),
  files: env.EVENT_FILES,
  fileAfterMs: 600_000,
  clock: { nowMs: () => Date.now() },
  random: () => 0,
  pause: () => new Promise(() => {}),
  log: () => {},
});

let count = 0;

function down(): Promise<never> {
  return Promise.reject(new Error("down"));
}

async function deployment(tenant: Partial<Tenant> = {}, options: ServiceOptions = {}) {
  const id = `events-${count++}`;
  const directory = memoryDirectory(() => 0);
  await directory.putTenant(tenantSchema.parse({ id, ...tenant }));
  const service = createService({
    adminKey: ADMIN_KEY,
    directory,
    events: kept,
    feedback: feedbackStore(env.FEEDBACK),
    requestIds: { seal: async (known) => known, isOf: async () => true },
    caller: callerWith({ tenant: { id, ...tenant } }),
    ...options,
  });
  return {
    id,
    service,
    give: (body: object) =>
      service.fetch("/v1/feedback", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    ask: (path: string, method = "GET") =>
      service.fetch(`/admin/tenants/${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      }),
  };
}

describe("feedback", () => {
  it("is an event without its comment, after the answer", async ({ expect }) => {
    const records: LogRecord[] = [];
    const terms: unknown[] = [];
    const { id, give, service } = await deployment(
      { events_days: 7 },
      {
        events: {
          ...kept!,
          async record(given, under) {
            records.push(...given);
            terms.push(under?.events_days);
          },
        },
      },
    );
    const said = { request_id: "req_1", score: 0.25, source: "judge", comment: "a secret" };
    expect((await give(said)).status).toBe(200);
    await Promise.all(service.background);
    const atMs = service.timers.clock.nowMs();
    expect(records).toEqual([
      { kind: "feedback", id: "req_1", tenant: id, atMs, source: "judge", score: 0.25 },
    ]);
    expect(terms).toEqual([7]);
  });

  it("is none for a tenant whose events are not kept", async ({ expect }) => {
    const { id, give, service, ask } = await deployment({ events: "off" });
    expect((await give({ request_id: "req_1", score: 1 })).status).toBe(200);
    await Promise.all(service.background);
    expect(await (await ask(`${id}/events`)).json()).toMatchObject({ rows: 0, days: null });
  });
});

describe("operators", () => {
  it("see what is kept, erase it, and with the tenant it goes as well", async ({ expect }) => {
    const { id, ask, give, service } = await deployment();
    await kept!.record([decided("req_1", { tenant: id })], { events_days: 30 });
    await give({ request_id: "req_1", score: 1 });
    await Promise.all(service.background);
    const shown = eventViewSchema.parse(await (await ask(`${id}/events`)).json());
    expect(shown).toMatchObject({ tenant: id, days: 90, rows: 2, unfiled: 2, files_pending: 0 });
    expect(shown.first_at).not.toBeNull();
    const erased = await ask(`${id}/events`, "DELETE");
    expect(eventErasureSchema.parse(await erased.json())).toMatchObject({ tenant: id });
    expect(await (await ask(`${id}/events`)).json()).toMatchObject({ rows: 0, first_at: null });
    expect(service.log).toContainEqual(
      expect.objectContaining({ event: "admin_change", what: "events_erased", id }),
    );
    await kept!.record([decided("req_2", { tenant: id })]);
    expect((await ask(id, "DELETE")).status).toBe(200);
    expect(await kept!.standing(id)).toMatchObject({ rows: 0 });
  });

  it("hear why there is nothing to see", async ({ expect }) => {
    const without = await deployment({}, { events: undefined });
    for (const method of ["GET", "DELETE"])
      expect(await errorOf(await without.ask(`${without.id}/events`, method))).toMatchObject({
        status: 501,
        code: "no_events",
      });
    expect((await without.ask(without.id, "DELETE")).status).toBe(200);
    const { id, ask } = await deployment(
      {},
      { events: { record: down, erase: down, standing: down } },
    );
    for (const [path, method] of [
      [`${id}/events`, "GET"],
      [`${id}/events`, "DELETE"],
      [id, "DELETE"],
    ] as const)
      expect(await errorOf(await ask(path, method))).toMatchObject({
        status: 503,
        code: "events_unreachable",
      });
    expect((await ask(id)).status).toBe(200);
  });
});
