/** How a request's id says whose it is. */
export interface RequestIds {
  /** The id as its tenant is told it. */
  seal(minted: string, tenant: string): Promise<string>;
  /** Whether an id was sealed for the tenant. */
  isOf(id: string, tenant: string): Promise<boolean>;
}
