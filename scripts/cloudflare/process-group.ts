/**
 * A Node command that ends as a whole: by itself, after its time limit, or with the process that started it.
 *
 * A command that starts processes of its own leaves them behind when it alone is killed. So it gets a process group,
 * and the group is killed (SIGKILL, because a process that spins hears nothing else) when the time is over, when this
 * process gets a signal, and when this process exits. The group stands apart from the terminal's, which therefore
 * sends Ctrl-C to this process only. Windows has no groups: there the command alone is killed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** The end of what a command wrote is kept; there it says what went wrong. */
const OUTPUT_CHARS = 65_536;

export interface GroupOptions {
  /** The arguments of `node`. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/**
 * Runs node to its end, and answers what it wrote to stdout. Rejects, with `name`, the reason and the output in the message, unless that end is status 0;
 * a signal to this process rejects too, so that the caller can clean up.
 */
export async function runInGroup(
  name: string,
  options: GroupOptions,
): Promise<Buffer<ArrayBuffer>> {
  const { args, cwd, env, timeoutMs } = options;
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const written: Buffer[] = [];
  let output = "";
  child.stdout.on("data", (part: Buffer) => written.push(part));
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => {
      output = (output + part.toString()).slice(-OUTPUT_CHARS);
    });
  let reason: string | undefined;
  function stop(why: string): void {
    reason ??= why;
    try {
      process.kill(-(child.pid ?? Number.NaN), "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
  }
  function onSignal(signal: NodeJS.Signals): void {
    stop(`was stopped by ${signal}.`);
  }
  function onExit(): void {
    stop("was stopped.");
  }
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on("exit", onExit);
  const timer = setTimeout(() => {
    stop(`had not ended after ${timeoutMs / 1000} s and was stopped.`);
  }, timeoutMs);
  try {
    const [status] = await once(child, "close");
    // Status 0 may arrive just after a signal, which must not be lost.
    reason ??= status === 0 ? undefined : "failed.";
    if (reason !== undefined) throw new Error(`${name} ${reason}\n${output}`.trim());
    return Buffer.concat(written);
  } finally {
    clearTimeout(timer);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off("exit", onExit);
  }
}
