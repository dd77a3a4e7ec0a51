/**
 * wrangler's command line: run beside its configuration, whatever the working directory, without banner
 * and metrics unless the environment says otherwise.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WRANGLER = fileURLToPath(
  new URL("bin/wrangler.js", import.meta.resolve("wrangler/package.json")),
);

/** Rejects as `execFile` does, with `stdout` and `stderr` on the error. */
export async function runWrangler(args: readonly string[]): Promise<void> {
  const env = { WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", ...process.env };
  await promisify(execFile)(process.execPath, [WRANGLER, ...args], { cwd: ROOT, env });
}
