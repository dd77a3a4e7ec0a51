/**
 * `npm run weights`, as a person uses it, on wrangler's local storage: a signed rollout, and
 * what is refused. That workers follow is shown in test/e2e/hot-swap.test.ts.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it, onTestFinished } from "vitest";
import { openRelease, weightsLabel } from "../../router-models/release.ts";
import { tinyRelease } from "../support/tiny-release.ts";
import { ranCommand, type Ended } from "./ran-command.ts";

const WEIGHTS = fileURLToPath(new URL("../../scripts/weights.ts", import.meta.url));
const PUBLISH = fileURLToPath(new URL("../../scripts/publish.ts", import.meta.url));
/** wrangler is started some twenty times, for a second each on a machine that has nothing else to do. */
const WRANGLER_MS = 300_000;

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-weights-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A release on disk, and its label. */
async function releaseIn(folder: string, seed: number): Promise<{ path: string; label: string }> {
  const path = join(folder, `release-${seed}`);
  const files = await tinyRelease({ seed });
  await mkdir(path);
  await writeFile(join(path, "manifest.json"), files.manifest);
  await writeFile(join(path, "golden.json"), files.golden);
  await writeFile(join(path, "model.onnx"), files.model);
  return { path, label: weightsLabel(await openRelease(files)) };
}

describe("npm run weights", () => {
  it(
    "changes what a key has signed, and what nobody may change it refuses",
    async ({ expect }) => {
      const folder = await emptyFolder();
      const place = ["--local", "--persist-to", join(folder, "state")];
      const key = join(folder, "key.pem");
      function weights(...args: readonly string[]): Promise<Ended> {
        return ranCommand(WEIGHTS, ...args, ...place);
      }
      const { path, label } = await releaseIn(folder, 1);
      async function publish(...args: readonly string[]): Promise<Ended> {
        return ranCommand(PUBLISH, "--release", path, ...args, ...place);
      }

      const made = await ranCommand(WEIGHTS, "keygen", "--out", key, "--json");
      const { publicKey, keyId } = Object(JSON.parse(made.stdout));
      expect((await weights("list")).stderr).toMatch(/Nothing is published yet/);
      expect((await publish("--trial", "0.1")).stderr).toMatch(/nothing to try it against/);
      const first = await publish("--sign", key, "--json");
      const { serial } = Object(JSON.parse(first.stdout));
      expect((await publish()).stderr).toMatch(/so the next one must be: --sign FILE/);
      const pinned = await weights("pin", "shop", label, "--sign", key);
      expect(pinned.stdout).toContain(`serial    ${serial + 1}, `);
      expect(pinned.stdout).toContain(`signed by ${keyId}`);
      expect(pinned.stdout).toContain(`pin       shop to ${label}`);
      expect((await weights("rollback", "--sign", key)).stderr).toMatch(/There is no trial, and/);
      const verified = await weights("verify", "--keys", publicKey, "--json");
      expect(JSON.parse(verified.stdout)).toEqual({
        serial: serial + 1,
        isTrusted: true,
        releases: [{ weights: label, roles: ["serving", "pin of shop"], fault: null }],
      });
      const other = `${"A".repeat(43)}=`;
      expect((await weights("verify", "--keys", other)).stderr).toMatch(/no key that is trusted/);
    },
    WRANGLER_MS,
  );

  it("says what it takes", async ({ expect }) => {
    for (const [args, reason] of [
      [["promot", "--local"], /There is no command "promot"/],
      [["pin", "shop", "--local"], /pin takes 2 words, not 1/],
      [["list"], /either --local or --remote/],
      [["keygen"], /--out FILE/],
    ] as const) {
      const { code, stderr } = await ranCommand(WEIGHTS, ...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(reason);
    }
    expect((await ranCommand(WEIGHTS, "--help")).stdout).toContain("npm run weights -- COMMAND");
  });
});
