/** Imports point one way; CI fails when they don't. See docs/architecture.md. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: `^src/(${[from, ...allowed].join('|')})/` },
});

const base = ['diagnostics', 'io'];

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    only('diagnostics-alone', 'diagnostics', [], 'diagnostics know nobody'),
    only('io-below-all', 'io', ['diagnostics'], 'the host ports know nobody'),
    only('engine-knows-no-type', 'engine', base, 'the engine knows neither manifests, nor types, nor clients'),
    only('manifest-over-engine', 'manifest', [...base, 'engine'], 'YAML to catalog: needs the catalog and the contract only'),
    only('vsphere-client', 'vsphere', [...base, 'engine', 'replication'], 'implements the source of a replication'),
    only('aws-client', 'aws', [...base, 'engine', 'replication'], 'implements the object store'),
    only('replication-knows-no-cli', 'replication', [...base, 'engine'], 'replication knows no CLI, no manifest, no client'),
    only('resources-over-clients', 'resources', [...base, 'engine', 'replication', 'aws', 'vsphere'], 'types use clients'),
    only('lab-stands-alone', 'lab', base, 'a stand-in that shared code with the client would share its mistakes'),
    {
      name: 'lab-only-from-its-entry',
      severity: 'error',
      comment: 'the lab is opened by the CLI and by tests alone',
      from: { path: '^src/', pathNot: '^src/(lab|cli)/' },
      to: { path: '^src/lab/' },
    },
    {
      name: 'heavy-modules-only-where-needed',
      severity: 'error',
      comment: 'static imports of these would load them in every command',
      from: { path: '^src/' },
      to: { path: '^(node_modules/)?(@aws-sdk|listr2|execa|ajv|@peculiar)', dependencyTypesNot: ['type-only'], dynamic: false },
    },
  ],
  options: {
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};
