/**
 * The command as it is run, on the made-up deployment: it refuses, publishes on trial, goes on where it was killed, and
 * lets nobody else into its work folder.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { openScoring } from "../../scripts/replaying/scoring.ts";
import { eventKey, writeEvents } from "./events/event-files.ts";
import { ranCommand, type Ended } from "./ran-command.ts";
import {
  MADE_CATALOG,
  madeUpTraffic,
  writeCatalog,
  writeRelease,
} from "./retraining/made-up-traffic.ts";

const outcomeSchema = z.looseObject({ kind: z.string(), weights: z.string().optional() });

const listedSchema = z.looseObject({
  rollout: z.looseObject({ trial: z.looseObject({ id: z.string() }) }),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-retrain-"));
  const release = await writeRelease(join(folder, "incumbent"));
  await writeCatalog(join(folder, "catalog.json"));
  const { scoring, close } = await openScoring(release, MADE_CATALOG);
  const log = await madeUpTraffic({ count: 500, seed: 3, scoring });
  for (const [i, part] of [log.slice(0, 400), log.slice(400)].entries())
    await writeEvents(join(folder, "events"), eventKey(i + 1, { hour: i }), part);
  await close();
});
afterAll(() => rm(folder, { recursive: true }));

function args(work: string): string[] {
  const paths = { events: "events", incumbent: "incumbent", catalog: "catalog.json", work };
  const flags = Object.entries(paths).flatMap(([flag, name]) => [`--${flag}`, join(folder, name)]);
  const ages = Math.ceil((Date.now() - Date.parse("2026-11-01")) / 86_400_000) + 1;
  const gates = ["--gate-rows", "50", "--held-out", "0.4", "--since", String(Math.max(ages, 1))];
  return [...flags, ...gates, "--budget-minutes", "0", "--json"];
}

function retrain(work: string, ...more: readonly string[]): Promise<Ended> {
  return ranCommand("scripts/retrain.ts", ...args(work), ...more);
}

function outcomeOf({ stdout, stderr }: Ended): z.output<typeof outcomeSchema> {
  if (stdout === "") throw new Error(stderr);
  return outcomeSchema.parse(JSON.parse(stdout));
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Starts a run and kills it as soon as the work folder has this file. */
async function killedAt(
  work: string,
  { file, flags }: { file: string; flags: readonly string[] },
): Promise<void> {
  const words = ["scripts/retrain.ts", ...args(work), ...flags];
  const child = spawn(process.execPath, words, { stdio: "ignore" });
  const ended = new Promise<string | null>((done) => {
    child.once("exit", (_, signal) => done(signal));
  });
  while (child.exitCode === null && !(await isThere(join(folder, work, file)))) await pause(5);
  child.kill("SIGKILL");
  if ((await ended) !== "SIGKILL") throw new Error("It ended by itself");
}

describe("npm run retrain", { timeout: 240_000 }, () => {
  it("says why it refuses, and does it again only for new events", async ({ expect }) => {
    const first = await retrain("dry", "--dry-run", "--gate-rows", "100000");
    expect([first.code, outcomeOf(first).kind], first.stderr).toEqual([3, "refused"]);
    const names = (await readdir(join(folder, "dry/report"))).toSorted();
    expect(names).toEqual([
      "calibration.svg",
      "gain.svg",
      "report.json",
      "report.md",
      "reward.svg",
    ]);
    const report = await readFile(join(folder, "dry/report/report.md"), "utf8");
    expect(report).toContain("is refused");
    expect(report).toContain("500 decisions");
    const again = await retrain("dry", "--dry-run", "--gate-rows", "100000");
    expect([again.code, outcomeOf(again).kind]).toEqual([0, "nothing"]);
  });

  it("goes on where it was killed, to the same weights, on trial beside what serves", async ({
    expect,
  }) => {
    const whole = await retrain("whole", "--dry-run");
    expect([whole.code, outcomeOf(whole).kind], whole.stderr).toEqual([0, "judged"]);
    const storage = ["--local", "--persist-to", join(folder, "storage")];
    for (const file of ["run/dataset.json", "run/checkpoint/run-1.bin", "run/trained.json"])
      await killedAt("killed", { file, flags: storage });
    const resumed = await retrain("killed", ...storage, "--trial-share", "0.25");
    expect(resumed.stderr).toContain("Going on with the run");
    expect(resumed.stderr).not.toContain("reading");
    expect([resumed.code, outcomeOf(resumed).kind], resumed.stderr).toEqual([0, "published"]);
    for (const file of ["model.onnx", "golden.json"])
      expect(await readFile(join(folder, "killed/last/release", file))).toEqual(
        await readFile(join(folder, "whole/last/release", file)),
      );
    const listed = await ranCommand("scripts/weights.ts", "list", ...storage, "--json");
    const { rollout } = listedSchema.parse(JSON.parse(listed.stdout));
    expect(rollout).toMatchObject({ serving: { version: "1.0.0" }, trial: { share: 0.25 } });
    expect(outcomeOf(resumed).weights).toContain(rollout.trial.id.slice(0, 12));
  });

  it("lets nobody else into its work folder", async ({ expect }) => {
    await mkdir(join(folder, "held"), { recursive: true });
    const holder = { pid: process.pid, host: hostname(), since: "2026-11-23T06:00:00.000Z" };
    await writeFile(join(folder, "held/lock"), JSON.stringify(holder));
    const ran = await retrain("held", "--dry-run");
    expect([ran.code, outcomeOf(ran)]).toEqual([1, { kind: "held", by: holder }]);
  });

  it("refuses a call that makes no sense before it does anything", async ({ expect }) => {
    const calls: [string[], string][] = [
      [[], "--local or --remote"],
      [["--dry-run", "--every", "soon"], "--every"],
      [["--dry-run", "--every", "1h", "--queue"], "--once, --every and --queue"],
      [["--dry-run", "--held-out", "1"], "--held-out"],
    ];
    for (const [more, why] of calls) {
      const ran = await retrain("senseless", ...more);
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining(why)]);
    }
    expect((await ranCommand("scripts/retrain.ts", "--help")).stdout).toContain("npm run retrain");
  });
});
