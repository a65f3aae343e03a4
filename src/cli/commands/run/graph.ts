import { declaredGraph } from '../../../app/run/declared-graph.ts';
import type { CatalogOptions } from '../../../app/session/load-catalog.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLabHost } from '../../context/options.ts';

export const graph: Define = (program, context, exit) => {
  withFormat(
    withData(
      withLabHost(
        program.command('graph [PATHS...]').description('print what depends on what, declared and implied'),
      ),
    ),
    'text',
    'json',
    'dot',
  )
    .addHelpText('after', '\nExample:\n  converge graph manifests --format dot | dot -Tsvg > graph.svg')
    .action(
      async (
        paths: string[],
        { format, ...options }: CatalogOptions & { format: keyof typeof renderings | 'json' },
      ) => {
        const declared = await declaredGraph(context, paths, options);
        if (!declared) return exit(1);
        if (format === 'json') context.printJson(graphJson(declared.graph));
        else context.print(renderings[format](declared.graph));
        exit(0);
      },
    );
};

const edgesOf = ({ subjects, edges }: Graph) =>
  subjects.flatMap(({ address }) => edges.get(address)!.map(({ to, kind }) => ({ from: address, to, kind })));

const graphJson = (graph: Graph): string =>
  `${JSON.stringify({ version: 1, resources: graph.subjects.map(({ address }) => address), edges: edgesOf(graph) }, null, 2)}\n`;

const renderings = {
  text: (graph: Graph): string[] =>
    graph.subjects.map(({ address }) => {
      const after = graph.edges.get(address)!.map(({ to, kind }) => `${to} (${kind})`);
      return after.length > 0 ? `${address} after ${after.join(', ')}` : address;
    }),
  dot(graph: Graph): string[] {
    const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
    const nodes = graph.subjects.map(({ address }) => `  ${quote(address)};`);
    const arrows = edgesOf(graph).map(
      ({ from, to, kind }) =>
        `  ${quote(from)} -> ${quote(to)}${kind === 'implied' ? ' [style=dashed]' : ''};`,
    );
    return ['digraph converge {', '  rankdir=RL;', ...nodes, ...arrows, '}'];
  },
};
