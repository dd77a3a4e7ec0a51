/**
 * The families that `npm run train -- --family NAME` makes, and what is said of the names that are in
 * the same tables but have nothing to train.
 */
import { FAMILIES, type Manifest } from "../../router-models/manifest.ts";
import { BANDIT } from "./bandit.ts";
import { CLASSIFIER } from "./classifier.ts";
import { fitRecipe, type FamilyFit } from "./family-fit.ts";
import { fit, type Fit, type FitInput } from "./fit.ts";
import { GRAPH } from "./graph-smoothing.ts";
import { LENGTH } from "./length.ts";
import { SIMILARITY } from "./similarity.ts";

type FitOne = (input: FitInput) => Promise<Fit | FamilyFit>;

const FITS = {
  mf: fit,
  classifier: (input) => fitRecipe(CLASSIFIER, input),
  similarity: (input) => fitRecipe(SIMILARITY, input),
  graph: (input) => fitRecipe(GRAPH, input),
  bandit: (input) => fitRecipe(BANDIT, input),
  length: (input) => fitRecipe(LENGTH, input),
} satisfies Readonly<Record<Manifest["family"], FitOne>>;

/** Every family that can be trained. */
export const FAMILY_NAMES = FAMILIES;
export type FamilyName = Manifest["family"];

const EVALUATED = "is a control without weights: npm run eval shows it in every table";
const UNTRAINED: Readonly<Record<string, string>> = {
  hull: `${EVALUATED}, as the zero router`,
  random: EVALUATED,
  oracle: EVALUATED,
  category: EVALUATED,
  judge: "is not trained: it asks a model. npm run label has a dataset judged by one",
};

/** The family of this name. Throws an Error that says where a name that cannot be trained is found. */
export function readFamily(name: string): FamilyName {
  const family = FAMILY_NAMES.find((known) => known === name);
  if (family !== undefined) return family;
  const why = Object.hasOwn(UNTRAINED, name) ? UNTRAINED[name]! : "is no family";
  throw new Error(`--family ${name}: ${name} ${why}. To train: ${FAMILY_NAMES.join(", ")}`);
}

/** As `fit`, for any family. */
export function fitFamily(name: FamilyName, input: FitInput): Promise<Fit | FamilyFit> {
  return FITS[name](input);
}
