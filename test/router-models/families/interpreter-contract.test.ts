/** The contract of those who run a family's graph, for the plain interpreter. */
import { familyContract } from "../../contract/family-contract.ts";
import { familyInterpreter } from "../../contract/small-families.ts";

familyContract({
  name: "the interpreter",
  open: async (family, { parameters }) => familyInterpreter(family, parameters),
});
