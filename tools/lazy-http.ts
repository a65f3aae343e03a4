import type { Plugin } from 'esbuild';

/**
 * Bundles what is imported from `node:http` as if it were asked for with require(). An import of one of
 * Node's modules reads all that it exports, and of this one some are behind getters that load the whole of
 * undici (WebSocket, MessageEvent, CloseEvent): 14 MiB and a few tens of milliseconds at each start.
 * A dynamic import stays one: bundled with splitting, a module of require() exports nothing but `default`.
 */
export const lazyHttp: Plugin = {
  name: 'lazy-http',
  setup(build) {
    const namespace = 'lazy-http';
    build.onResolve({ filter: /^(?:node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'node:http', namespace } : undefined,
    );
    build.onLoad({ filter: /^/, namespace }, () => ({ contents: "module.exports = require('node:http');" }));
  },
};
