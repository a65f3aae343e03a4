/** What EC2 would say to a request, asked with `DryRun`: nothing is made. */
export interface DryRun {
  /** `ec2:RunInstances`. */
  action: string;
  allowed: boolean;
  /**
   * What speaks against it: the policy of whoever asks, a limit of the account, that there is no room, or
   * something in the request; left out when nothing does.
   */
  against?: 'policy' | 'quota' | 'room' | 'request';
  /** What EC2 said: its code and its text. */
  answer: string;
}

/**
 * Asks EC2 beforehand what a recovery will ask of it. Whether there is room it tells nobody before a launch.
 * All calls may reject with a Failure; a refusal isn't one.
 */
export interface DryRunCloud {
  launch(
    wanted: { image: string; type: string; subnet: string; keyPair?: string },
    signal?: AbortSignal,
  ): Promise<DryRun>;
  registerImage(
    wanted: { snapshot: string; bootMode: 'legacy-bios' | 'uefi'; tpm: boolean },
    signal?: AbortSignal,
  ): Promise<DryRun>;
  /** Whether EBS direct takes snapshots from here: asked for a child of one that nobody has. */
  writeSnapshot(signal?: AbortSignal): Promise<DryRun>;
  createVolume(wanted: { snapshot: string; subnet: string }, signal?: AbortSignal): Promise<DryRun>;
}
