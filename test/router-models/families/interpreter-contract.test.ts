/** The contract of those who run a family's graph, for the plain interpreter. */
import { familyContract } from "../../contract/family-contract.ts";
import { interpreted } from "../../support/made-up-graph.ts";

familyContract({
  name: "the interpreter",
  open: async ({ define }, { parameters }) => interpreted(define, parameters),
});
