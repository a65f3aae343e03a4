/** What only the process itself knows of the machine, whichever host it manages. */
export const runtime = {
  /** `x64`, `arm64` */
  architecture: process.arch,
  platform: process.platform,
  /** Version of Node. */
  node: process.versions.node,
  /** Of the effective user; undefined on Windows. */
  uid: (): number | undefined => process.getuid?.(),
};
