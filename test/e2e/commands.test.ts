/**
 * The commands that people type, run as they run them: `npm start` comes up without an account, key or network, says so,
 * and goes down on Ctrl-C; `npm run demo` reports what it did; a port in use is named with the flag that changes it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-commands-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  /** All of stdout once the command has ended, with its exit status and stderr. */
  readonly ended: Promise<{ status: number | null; out: string; err: string }>;
  /** Resolves with stdout so far as soon as it matches; rejects when the command ends without. */
  matching(pattern: RegExp): Promise<string>;
}

/** Runs `scripts/<name>.ts` with a proxy that leads nowhere, so that a try to reach the network would fail. */
function run(name: string, ...args: string[]): Run {
  const env = { ...process.env, HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "127.0.0.1" };
  const child = spawn(process.execPath, [join(ROOT, "scripts", `${name}.ts`), ...args], {
    cwd: folder,
    env,
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    child.once("close", (status) => resolve({ status, out, err }));
  });
  function matching(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      function look(): void {
        if (pattern.test(out)) resolve(out);
      }
      child.stdout.on("data", look);
      look();
      void ended.then(() => reject(new Error(`${name} ended: ${out}${err}`)));
    });
  }
  return { child, ended, matching };
}

describe("npm start", () => {
  it("says when it is ready, gives three commands, answers, and ends on Ctrl-C", async ({
    expect,
  }) => {
    const start = run("start", "--port", "0", "--vendor-port", "0");
    const banner = await start.matching(/\/v1\/route/);
    expect(banner.match(/^ {2}curl /gm)).toHaveLength(3);
    const url = /ready at (http:\S+)\/v1/.exec(banner)?.[1];
    const health = await fetch(`${url}/healthz`);
    expect(health.status).toBe(200);
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }] }),
    });
    expect(response.status).toBe(200);
    start.child.kill("SIGINT");
    expect((await start.ended).status).toBe(0);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it.for(["--port", "--vendor-port"])(
    "names a port in use and its flag: %s",
    async (flag, { expect }) => {
      const other = createServer();
      await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
      const address = other.address();
      if (typeof address === "string" || address === null) throw new Error("no port");
      const ports = { "--port": "0", "--vendor-port": "0", [flag]: String(address.port) };
      const { status, err } = await run("start", ...Object.entries(ports).flat()).ended;
      other.close();
      expect(status).toBe(1);
      expect(err).toContain(`Port ${address.port} is in use`);
      expect(err).toContain(`${flag} N`);
    },
  );
});

describe("npm run demo", () => {
  it("sends the prompts of a file and reports in JSON", async ({ expect }) => {
    const file = join(folder, "prompts.jsonl");
    const rows = [
      { kind: "facts", prompt: "What is a sluice?" },
      { kind: "code", prompt: "Write a haiku generator.", stream: true },
    ];
    await writeFile(file, rows.map((row) => JSON.stringify(row)).join("\n"));
    const { status, out } = await run("demo", "--prompts", file, "--speed", "0", "--json").ended;
    expect(status).toBe(0);
    const report: unknown = JSON.parse(out);
    expect(report).toMatchObject({
      summary: { answered: 2, failed: 0 },
      outcomes: [
        { kind: "facts", isStream: false },
        { kind: "code", isStream: true },
      ],
    });
    expect(report).toHaveProperty("summary.costUsd");
    expect(JSON.stringify(report)).not.toContain("null");
  });
});

describe("the vendor", () => {
  it("explains itself, takes faults, and refuses nonsense", async ({ expect }) => {
    expect((await run("vendor", "--help").ended).out).toMatch(/--fault RULE.*retry-after=SECONDS/s);
    const { status, err } = await run("vendor", "--fault", "openai=flood").ended;
    expect(status).toBe(1);
    expect(err).toContain('Unknown fault "flood"');
    const vendor = run("vendor", "--port", "0", "--fault", "openai=503");
    const url = /base URL (\S+)\)/.exec(await vendor.matching(/base URL/))?.[1];
    const body = JSON.stringify({ model: "gpt-5.4", messages: [{ role: "user", content: "Hi" }] });
    expect((await fetch(`${url}/chat/completions`, { method: "POST", body })).status).toBe(503);
    vendor.child.kill("SIGTERM");
    expect((await vendor.ended).status).toBe(0);
  });
});
