import http from 'node:http';
import type { Plugin } from 'esbuild';

/** What `node:http` exports, but for what is behind a getter. */
const names = Object.entries(Object.getOwnPropertyDescriptors(http)).flatMap(([name, { get }]) =>
  get ? [] : [name],
);

/**
 * Bundles what is imported from `node:http` as if it were asked for with require(). An import of one of
 * Node's modules reads all that it exports, and of this one some are behind getters that load the whole of
 * undici (WebSocket, MessageEvent, CloseEvent): 14 MiB and a few tens of milliseconds at each start.
 */
export const lazyHttp: Plugin = {
  name: 'lazy-http',
  setup(build) {
    const namespace = 'lazy-http';
    build.onResolve({ filter: /^(?:node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' || kind === 'dynamic-import' ? { path: 'node:http', namespace } : undefined,
    );
    // By their names: of a module of CommonJS a dynamic import gets `default` alone, once it is a chunk.
    build.onLoad({ filter: /^/, namespace }, () => ({
      contents: `const http = require('node:http');\nexport default http;\nexport const { ${names.join(', ')} } = http;`,
    }));
  },
};
