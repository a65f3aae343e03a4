import type { Command } from 'commander';
import {
  type Extended,
  type ExtendedVm,
  type ExtendOptions,
  extendLocksOf,
} from '../../../app/repository/extend-locks.ts';
import { plural } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withState } from '../../context/options.ts';

type Options = Omit<ExtendOptions, 'paths'> & { format: string };

/** What S3 takes for a thousand requests that change something, and for as many that ask; US dollars. */
const PRICES = { change: 0.005, ask: 0.0004 };

export const defineExtendLocks = (group: Command, ...[, context, exit]: Parameters<Define>): void => {
  const command = group
    .command('extend-locks <PATHS...>')
    .description('lengthen the locks of what recovery points need, as long as retention keeps them')
    .option('--repository <URL>', 'only this one of those that the manifests declare')
    .option('--vm <VM>', 'only this one, by name or UUID')
    .option('--key <SOURCE>', 'key of an encrypted repository: env:NAME, file:PATH or credential:NAME')
    .option('--force', 'look at all locks now, though they were looked at lately')
    .option('--noop', 'say which locks would be lengthened, and what that costs');
  withData(withLab(withState(withFormat(command))))
    .addHelpText('after', '\nExample:\n  converge repository extend-locks manifests --noop')
    .action(async (paths: string[], options: Options) => {
      const isText = options.format !== 'json';
      const all = await extendLocksOf(context, { ...options, paths }, vm => {
        if (isText) context.print([planned(vm, options.noop ?? false)]);
      });
      if (!all) return exit(1);
      if (!isText) context.printJson(`${JSON.stringify(inJson(all), null, 2)}\n`);
      else
        context.print(
          all.flatMap(({ vms, untouched }) => [
            ...(options.noop ? [] : vms.map(done)),
            ...untouched.map(({ uuid, name }) => `${name ?? uuid}: its locks are left as they are`),
          ]),
        );
      exit(all.some(({ untouched }) => untouched.length > 0) ? 4 : 0);
    });
};

const time = (ms: number): string => new Date(ms).toISOString();

const cost = ({ short, asked }: ExtendedVm['plan']): number =>
  (short.length * PRICES.change + asked * PRICES.ask) / 1000;

function planned({ name, uuid, plan }: ExtendedVm, isNoop: boolean): string {
  const { needed, short, asked, missing, next } = plan;
  const who = name ?? uuid;
  if (needed === undefined) return `${who}: looked at lately; next after ${time(next)}`;
  return [
    `${who}: ${plural(needed, 'object')} needed, ${isNoop ? 'would lengthen' : 'lengthening'} ${plural(short.length, 'lock')}`,
    `${plural(short.length + asked, 'request')}, about $${cost(plan).toFixed(4)} in S3 Standard`,
    ...(missing.length > 0 ? [`${missing.length} missing: \`converge verify\` tells`] : []),
  ].join(', ');
}

const done = ({ name, uuid, plan, extended }: ExtendedVm): string =>
  `${name ?? uuid}: ${plural(extended ?? 0, 'lock')} lengthened${plan.needed === undefined ? '' : `; next after ${time(plan.next)}`}`;

const inJson = (all: readonly Extended[]): object => ({
  version: 1,
  repositories: all.map(({ url, at, lock, vms, untouched }) => ({
    ...{ url, at: time(at), lock: { mode: lock.mode, for_seconds: lock.for / 1000 } },
    vms: vms.map(({ uuid, name, plan, extended }) => ({
      ...(name !== undefined && { vm: name }),
      uuid,
      ...(plan.needed !== undefined && { needed: plan.needed }),
      short: plan.short.map(({ object, was, until }) => ({
        ...{ object, until: time(until) },
        ...(was !== undefined && { was: time(was) }),
      })),
      ...{ missing: plan.missing, requests: plan.short.length + plan.asked, next: time(plan.next) },
      cost_usd: Math.round(cost(plan) * 10 ** 6) / 10 ** 6,
      ...(extended !== undefined && { extended }),
    })),
    ...(untouched.length > 0 && {
      untouched: untouched.map(({ uuid, name, why }) => ({
        ...(name !== undefined && { vm: name }),
        ...{ uuid, why: why.message },
      })),
    }),
  })),
});
