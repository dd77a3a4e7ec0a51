/**
 * What a run knows of its rows before any outcome is looked at, and where its training begins.
 *
 * Outcomes are few and noisy, prompts say much. Words that stand in like prompts get like vectors from the
 * principal components of the bags (components.ts), scaled so that a prompt's vector starts with deviation
 * `wordSpread` in each of its columns. Groups are the centres of those vectors; their products with a
 * prompt's vector make the softmax that families/mf.ts divides prompts by. All of it is trained on from
 * there.
 *
 * Of rows that are too many, some are read, evenly spread over all.
 */
import type { MfShape } from "../../router-models/families/mf.ts";
import { componentsOf, type Components } from "./components.ts";
import { describeCorpus, type Corpus } from "./corpus.ts";
import type { Example, Examples } from "./examples.ts";
import { biasesOf, centresOf, type Points } from "./prototypes.ts";

/** Rows that are read at most: more do not move the leading components. */
const MOST_ROWS = 12_000;
/** No direction of the bags counts more than another: what leads them is how prompts are put, not what is asked. */
const EVENNESS = 1e6;

export interface GroundOptions {
  readonly shape: MfShape;
  /** Table rows that fewer prompts use are ignored. */
  readonly minDocuments: number;
  /** Deviation of a number of a prompt's vector. */
  readonly wordSpread: number;
  /** How sharply prompts are divided among the groups; see prototypes.ts. */
  readonly groupSharpness: number;
}

export interface Ground extends Corpus {
  /** Parameters of families/mf.ts, by name. Rows of the table that are not known are zeros. */
  readonly beginning: Readonly<
    Record<"table" | "groups.centres" | "groups.bias", Float32Array<ArrayBuffer>>
  >;
}

export function groundOf(examples: Examples, options: GroundOptions, seed: number): Ground {
  const { shape, minDocuments, wordSpread, groupSharpness } = options;
  const { tableRows, tableWidth: width, groups } = shape;
  const corpus = describeCorpus(examples, { tableRows, minDocuments });
  const components = componentsOf(someOf(examples), {
    corpus,
    width,
    surfaceWeight: 0,
    evenness: EVENNESS,
    seed,
  });
  const centres = centresOf(components, groups, seed);
  const steepness = groupSharpness / width / wordSpread;
  return {
    ...corpus,
    beginning: {
      table: Float32Array.from(components.table, (x) => x * wordSpread),
      // Prompts may be fewer than groups.
      "groups.centres": padded(
        centres.vectors.map((x) => x * steepness),
        groups * width,
      ),
      "groups.bias": padded(groupBiases(centres, components, groupSharpness), groups),
    },
  };
}

/** The components are centred on the mean prompt and the graph's vectors are not. */
function groupBiases(
  { vectors, width }: Points,
  { bias }: Components,
  sharpness: number,
): Float64Array {
  return Float64Array.from(biasesOf({ vectors, width }, sharpness), (x, group) => {
    let shift = 0;
    for (let d = 0; d < width; d++) shift += vectors[group * width + d]! * bias[d]!;
    return x + (shift * sharpness) / width;
  });
}

function padded(values: Float64Array, length: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  out.set(values);
  return out;
}

function someOf(examples: Examples): readonly Example[] {
  const count = Math.min(examples.length, MOST_ROWS);
  return Array.from({ length: count }, (_, i) =>
    examples.at(Math.floor((i * examples.length) / count))!,
  );
}
