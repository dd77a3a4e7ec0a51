/**
 * No process outlives its group. The command here starts another node, as wrangler does; both ignore a polite signal
 * and hold a connection to this file, so that a connection made means "runs" and a connection closed means "is gone".
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { runInGroup } from "../../../scripts/cloudflare/process-group.ts";

const MODULE = new URL("../../../scripts/cloudflare/process-group.ts", import.meta.url).href;

/** Ends by itself with the test, so that a failing test leaves nothing behind. */
const NODE = `
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  require("node:net").connect(Number(process.env.PORT), "127.0.0.1")
    .on("error", () => {}).on("close", () => process.exit());
`;
const TREE = `${NODE}
  require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(NODE)}]);
`;

let server: Server;
let env: NodeJS.ProcessEnv;
/** One for each process that runs. */
let sockets: Socket[];
/** Resolve when those processes are gone. */
let ends: Promise<unknown>[];
beforeEach(async () => {
  sockets = [];
  ends = [];
  server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}).resume());
    ends.push(new Promise((resolve) => void socket.once("close", resolve)));
    server.emit("arrived");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address === "string" || address === null) throw new Error("no port");
  env = { ...process.env, PORT: String(address.port) };
});
afterEach(() => {
  vi.useRealTimers();
  for (const socket of sockets) socket.destroy();
  server.close();
});

function options(code: string) {
  return { args: ["-e", code], cwd: ".", env, timeoutMs: 120_000 };
}

/** Resolves once both processes of the tree run. */
async function bothRun(): Promise<void> {
  while (sockets.length < 2) await once(server, "arrived");
}

describe("runInGroup", () => {
  it("answers what was written for status 0 and else rejects with the output", async ({
    expect,
  }) => {
    const code0 = "process.stdout.write(Buffer.from([0, 255, 10])); console.error('said')";
    expect([...(await runInGroup("tool", options(code0)))]).toEqual([0, 255, 10]);
    const code = "console.log('one'); console.error('two'); process.exitCode = 3";
    await expect(runInGroup("tool run", options(code))).rejects.toThrow(
      /^tool run failed\.\n(one\ntwo|two\none)$/,
    );
  });

  it("stops the whole tree when the time is over", async ({ expect }) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const ended = expect(runInGroup("tool", options(TREE))).rejects.toThrow(
      "tool had not ended after 120 s and was stopped.",
    );
    await bothRun();
    vi.advanceTimersByTime(120_000);
    await ended;
    await Promise.all(ends);
  });

  it.for(["SIGTERM", "exit"] as const)("stops the whole tree on %s", async (end, { expect }) => {
    const code = `
      import { runInGroup } from ${JSON.stringify(MODULE)};
      process.stdin.once("data", () => process.exit(7)).unref();
      await runInGroup("tool", ${JSON.stringify(options(TREE))}).catch(({ message }) => {
        console.log(message);
      });
    `;
    const args = ["--input-type=module", "-e", code];
    const command = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    let out = "";
    command.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const closed = once(command, "close");
    await bothRun();
    if (end === "exit") command.stdin.write("x");
    else command.kill(end);
    await Promise.all(ends);
    const [status] = await closed;
    expect({ status, out }).toEqual(
      end === "exit"
        ? { status: 7, out: "" }
        : { status: 0, out: "tool was stopped by SIGTERM.\n" },
    );
  });
});
