import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogTarget, Json } from '../../engine/model/catalog.ts';
import { registry } from '../../resources/registry.ts';
import type { Context } from '../app-context.ts';
import { labDir } from '../lab/open-lab.ts';
import type { CommonOptions } from '../options.ts';

/** A target said by options, for a machine that has no manifests yet. */
export interface TargetOptions {
  url?: string;
  username?: string;
  password?: string;
  sha256?: string;
  ca?: string;
  datacenter?: string;
  region?: string;
  profile?: string;
}

const names: Record<string, string> = { vsphere: 'home', aws: 'dr' };

/** In a lab what must be there stands for itself: the lab answers whatever is written. */
const inLab: Record<string, Record<string, Json>> = {
  vsphere: {
    url: 'https://vcenter.example.com',
    username: 'svc-converge',
    password: { $secret: 'env:VC_PASSWORD' },
  },
  aws: { region: 'eu-west-1' },
};

/** Throws a Failure (given) unless it can be in a manifest as a reference; what was said is not repeated. */
export function requireReference(flag: string, said: string | undefined): void {
  if (said === undefined || /^(env:\w+|file:[^'"\\\p{Cc}]+)$/u.test(said)) return;
  throw new Failure(
    given('bad-secret', `${flag} takes the place of a secret, not the secret`, {
      hint: 'write env:NAME or file:PATH',
    }),
  );
}

/** Throws a Failure (given) that names what is missing, or not as the kind of target takes it. */
export async function targetFromOptions(
  kind: string,
  options: TargetOptions & Pick<CommonOptions, 'lab'>,
  context: Context,
): Promise<CatalogTarget> {
  const { env } = context.io.host;
  requireReference('--password', options.password);
  const { url, username, password, sha256, ca, datacenter, profile } = options;
  const region = options.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const written: Record<string, Record<string, Json | undefined>> = {
    vsphere: {
      url,
      username,
      password: password === undefined ? undefined : { $secret: password },
      sha256,
      ca,
      datacenter,
    },
    aws: { region, profile },
  };
  const base = labDir(context, options.lab) === undefined ? {} : inLab[kind];
  const said = Object.entries(written[kind] ?? {}).filter(([, value]) => value !== undefined);
  const properties = { ...base, ...Object.fromEntries(said) } as Record<string, Json>;
  const { required = [] } = registry.targets.get(kind)!.schema as { required?: string[] };
  const missing = required.filter(name => properties[name] === undefined);
  if (missing.length > 0)
    throw new Failure(
      given('no-target', `to look at ${kind}, ${missing.map(name => `--${name}`).join(', ')} must be said`, {
        hint: 'or name manifests that declare the target: --from PATH',
      }),
    );
  return {
    name: names[kind] ?? kind,
    type: kind,
    properties,
    at: { file: 'the command line', line: 1, column: 1 },
  };
}
