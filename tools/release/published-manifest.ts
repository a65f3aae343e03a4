import manifest from '../../package.json' with { type: 'json' };

/** Folders and files of the repository that are published as they are. */
export const published = ['docs', 'manifests', 'modules', 'packaging', 'policies', 'schemas'] as const;

/** Where the licences of all that is bundled are told. */
export const noticesName = 'THIRD-PARTY-LICENSES.txt';

/**
 * The package.json that is published. It depends on nothing, since dist/ holds all that runs; and it brings
 * no Node: the one that this repository pins would become the `node` of whoever installs it.
 */
export function publishedManifest(): Record<string, unknown> {
  const { name, version, description, license, type, exports, engines } = manifest;
  return {
    name,
    version,
    description,
    keywords: ['disaster-recovery', 'vsphere', 'replication', 's3', 'iis', 'desired-state'],
    license,
    type,
    bin: { converge: 'dist/converge.js' },
    exports,
    engines,
    files: ['dist', ...published, noticesName],
    publishConfig: { access: 'public' },
  };
}
