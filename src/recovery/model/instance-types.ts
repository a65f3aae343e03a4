/** An instance type as far as choosing one needs it. */
export interface CloudType {
  name: string;
  cpus: number;
  /** MiB. */
  memory: number;
  bootModes: string[];
  /** It can have a virtual TPM. */
  tpm: boolean;
  /** It runs on dedicated hosts. */
  dedicatedHosts: boolean;
}

export interface TypeCloud {
  /** Types of x86-64 whose name fits one of the patterns: `m6i.*`, `m6i.large`. May reject with a Failure. */
  list(patterns: readonly string[], signal?: AbortSignal): Promise<CloudType[]>;
}
