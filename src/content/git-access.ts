/** Where git may go in this run. */
export interface GitAccess {
  /** Protocols, as `GIT_ALLOW_PROTOCOL` names them. */
  protocols: string[];
  /** Settings for every call. */
  config: [name: string, value: string][];
}

/** In a lab every repository is that of a stand-in at `url`, which is asked for `/HOST/PATH`. */
export const labGit = (url: string): GitAccess => ({
  protocols: ['http'],
  config: [
    [`url.${url}/.insteadOf`, 'https://'],
    [`url.${url}/.insteadOf`, 'http://'],
  ],
});

export const worldGit: GitAccess = { protocols: ['https', 'ssh', 'file'], config: [] };

declare module '../engine/model/io.ts' {
  interface Clients {
    git: GitAccess;
  }
}
