/**
 * Lint rules for the whole repository, and the import direction among its folders.
 *
 * The direction is written once, as data (LAYERS), and expanded to allow-lists: whatever a row does
 * not name is forbidden, so a new folder or package stays out until somebody adds it. Type-only,
 * dynamic and re-exporting imports obey the same rows. test/house/layers.test.ts plants every
 * conceivable import and counts the ones that this file misjudges.
 *
 * Overrides are ordered: a later entry replaces an earlier setting of the same rule, which is why
 * the exceptions for single files stand below the folders that they belong to.
 */
import { defineConfig } from "oxlint";

/** A folder of worker/: which siblings it may import, whether router-models, and which packages. */
interface Layer {
  readonly below: readonly string[];
  readonly models?: boolean;
  readonly packages: readonly string[];
}

const STORES = ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"];

/** The layers of worker/, lowest first. ARCHITECTURE.md shows the same table. */
export const LAYERS: Record<string, Layer> = {
  lib: { below: [], packages: [] },
  domain: { below: ["lib"], packages: ["zod"] },
  routing: { below: ["lib", "domain"], models: true, packages: [] },
  inference: {
    below: ["lib", "domain"],
    models: true,
    packages: ["zod", "onnxruntime-web", "onnxruntime-web/*"],
  },
  providers: { below: ["lib", "domain"], packages: ["zod"] },
  privacy: { below: ["lib", "domain"], packages: ["zod"] },
  tenants: { below: ["lib", "domain"], packages: ["zod", "jose", "cloudflare:workers"] },
  telemetry: { below: ["lib", "domain"], packages: ["zod"] },
  cache: { below: ["lib", "domain"], packages: STORES },
  budget: { below: ["lib", "domain"], packages: STORES },
  learning: { below: ["lib", "domain"], models: true, packages: STORES },
  vitals: { below: ["lib", "domain", "routing"], packages: ["zod", "cloudflare:workers"] },
  strategies: { below: ["lib", "domain", "routing"], packages: [] },
  pipeline: { below: ["lib", "domain", "routing"], packages: ["tokenx"] },
  http: { below: ["lib", "domain", "pipeline"], packages: ["zod", "hono", "hono/*"] },
  console: { below: ["lib", "domain", "pipeline"], packages: ["hono", "hono/*"] },
};

/**
 * Forbids every import but those from the file's own folder and what `patterns` take back. They are read
 * in order, as in a .gitignore: "!x" allows x, a later "x" forbids it again.
 */
function only(message: string, patterns: readonly string[]) {
  const group = ["*", "!./**", ...patterns];
  const rule: ["error", { patterns: { group: string[]; message: string }[] }] = [
    "error",
    { patterns: [{ group, message }] },
  ];
  return { "no-restricted-imports": rule };
}

const layerRules = Object.entries(LAYERS).flatMap(([folder, { below, models, packages }]) => {
  const names = [...below, ...(models ? ["router-models"] : []), ...packages];
  const message = `${folder}/ may import: ${names.join(", ") || "nothing"}.`;
  function allowed(up: string): string[] {
    return [
      ...below.map((name) => `!${up}${name}/**`),
      ...(models ? [`!${up}../router-models/**`] : []),
      ...packages.map((name) => `!${name}`),
    ];
  }
  return [
    { files: [`worker/${folder}/*.ts`], rules: only(message, allowed("../")) },
    {
      files: [`worker/${folder}/*/*.ts`],
      rules: only(message, ["!../**", "../../**", ...allowed("../../")]),
    },
    {
      files: [`worker/${folder}/*/*/*.ts`],
      rules: only(message, ["!../**", "../../../**", ...allowed("../../../")]),
    },
  ];
});

const MODELS_MESSAGE = "router-models/ may import: itself, zod.";

/** What making and judging the router may take from the service: pure parts that must not drift apart. */
const SCRIPTS_BELOW = [
  "lib",
  "domain",
  "routing",
  "cache/guards",
  "cache/trust",
  "learning/detectors",
  "learning/lifts",
];

/** The row of scripts/, as ARCHITECTURE.md shows it. */
export const SCRIPTS_MAY = `worker/{${SCRIPTS_BELOW.join(",")}}, router-models, scripts, packages`;

const SCRIPTS_PATTERN = {
  group: [
    "**/worker/**",
    ...SCRIPTS_BELOW.map((folder) => `!**/worker/${folder}/**`),
    "**/test/**",
  ],
  message: `scripts/ may import: ${SCRIPTS_MAY}.`,
};

const AMBIENT = [
  { object: "Math", property: "random", message: "Take the randomness as an argument." },
  { object: "Date", property: "now", message: "Take a Clock." },
  { object: "performance", property: "now", message: "Take a Clock." },
] as const;

/** What a decision is made of must come out alike in every engine, and these do not. */
const OF_THE_ENGINE = ["exp", "expm1", "log", "log1p", "log2", "log10", "pow", "hypot", "tanh"].map(
  (property) => ({ object: "Math", property, message: "Take router-models/portable-math.ts." }),
);

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "oxc", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-default-export": "error",
    "oxc/no-barrel-file": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/only-throw-error": "error",
    "unicorn/filename-case": ["error", { case: "kebabCase" }],
    "func-style": ["error", "declaration", { allowArrowFunctions: false }],
    "max-params": ["error", { max: 3 }],
    "max-lines": ["error", { max: 300, skipComments: true, skipBlankLines: true }],
    "max-lines-per-function": ["error", { max: 60, skipComments: true, skipBlankLines: true }],
    complexity: ["error", { max: 12 }],
    "no-console": "error",
    "no-underscore-dangle": "off",
  },
  overrides: [
    ...layerRules,
    { files: ["router-models/*.ts"], rules: only(MODELS_MESSAGE, ["!zod"]) },
    {
      files: ["router-models/*/*.ts"],
      rules: only(MODELS_MESSAGE, ["!../**", "../../**", "!zod"]),
    },
    {
      files: ["router-models/*/*/*.ts"],
      rules: only(MODELS_MESSAGE, ["!../**", "../../../**", "!zod"]),
    },
    {
      files: ["worker/*.ts"],
      rules: {
        "import/no-default-export": "off",
        "no-restricted-imports": [
          "error",
          { patterns: ["node:*", "../**", "!../router-models/**"] },
        ],
      },
    },
    { files: ["worker/**/*.d.ts"], rules: { "import/no-default-export": "off" } },
    {
      files: ["worker/**", "router-models/**"],
      rules: {
        "no-restricted-properties": ["error", ...AMBIENT],
        // Everything that leaves the Worker leaves through two files: for a vendor, for the operator's webhook.
        "no-restricted-globals": [
          "error",
          { name: "fetch", message: "Only providers/dispatch.ts and budget/webhook.ts." },
        ],
      },
    },
    {
      files: [
        "router-models/{calibration,expected-score,placement,portable-math,reference,scorer}.ts",
        "worker/routing/{candidates,decide,explore,hull,lift,pin}.ts",
      ],
      rules: { "no-restricted-properties": ["error", ...AMBIENT, ...OF_THE_ENGINE] },
    },
    {
      files: ["worker/providers/dispatch.ts", "worker/budget/webhook.ts"],
      rules: { "no-restricted-globals": "off" },
    },
    {
      files: ["worker/lib/clock.ts", "worker/lib/deadline.ts"],
      rules: { "no-restricted-properties": "off" },
    },
    { files: ["worker/telemetry/log.ts"], rules: { "no-console": "off" } },
    {
      files: ["scripts/**"],
      rules: {
        "no-console": "off",
        "no-restricted-imports": ["error", { patterns: [SCRIPTS_PATTERN] }],
      },
    },
    {
      files: ["test/**/*.ts"],
      rules: {
        "max-lines": "off",
        "max-lines-per-function": "off",
        complexity: "off",
        "vitest/expect-expect": "off",
        "import/no-default-export": "off",
        "no-console": "off",
      },
    },
    { files: ["*.config.ts"], rules: { "import/no-default-export": "off" } },
  ],
});
