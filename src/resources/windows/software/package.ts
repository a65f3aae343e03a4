import Type, { type Static } from 'typebox';
import { Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Observation,
  Outcome,
  Step,
} from '../../../engine/model/resource-type.ts';
import { installMsi, readProducts, removeMsi } from '../../../windows/software/msi.ts';
import { temporaryFile } from '../../../windows/tools/programs.ts';
import { findIn } from '../../host/archive/find-in.ts';
import { obtain } from '../../host/archive/obtain-archive.ts';
import { sourceOf, sourceSchema } from '../../host/archive/source.ts';
import { trustSchema, untrusted } from '../../host/fetch/location-property.ts';
import { digestOfFile } from '../../host/paths/digest-file.ts';
import { ancestors, writtenPath } from '../../host/paths/path.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';

export interface PackageState {
  version?: string;
}

const guid = '\\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\\}';

const schema = Type.Object(
  {
    product_code: Type.String({
      description: 'Product code of the package, `{GUID}`: by it Windows knows what is installed.',
      pattern: `^${guid}$`,
    }),
    source: Type.Optional(
      sourceSchema(
        'The `.msi` file: a path of this host, `https://`, `http://` or `s3://BUCKET/KEY`, or `{ url, target }`. Needed to install it, not to remove it.',
      ),
    ),
    checksum: Type.Optional(
      Type.String({
        description: 'What the file has to be, `sha256:HEX`; nothing is installed of another.',
        pattern: '^sha256:[0-9a-f]{64}$',
      }),
    ),
    allow_insecure: trustSchema.allow_insecure,
    version: Type.Optional(
      Type.String({
        description: 'The version that has to be installed; any when left out.',
        minLength: 1,
      }),
    ),
    properties: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Z_][A-Z0-9_.]*$' }), Type.String(), {
        description:
          'Public properties for its installation, `INSTALLDIR: C:\\tools`. No secrets: msiexec takes them as arguments and writes them to its log.',
      }),
    ),
  },
  {
    additionalProperties: false,
    dependencies: { checksum: ['source'], allow_insecure: ['source'], properties: ['source'] },
  },
);

/** As written. */
export type PackageProperties = Static<typeof schema>;

export const packageType: BuiltInType<typeof schema, PackageState> = {
  name: 'package',
  doc: `A package of Windows Installer (MSI). The title is a label; its product code says what it is.

Installed without a dialog and without a restart: one that is due is reported. While Windows installs something
else, up to ten minutes are waited. A \`source\` from the web or S3 is fetched only to install it. A package that replaces older ones has another product code, and does so
by itself. \`properties\` and \`checksum\` count when it is installed, not afterwards.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'packages', concurrency: 1, alsoDirties: ['*'] },
  check(properties) {
    const { source } = properties;
    const found = sourceIn(properties);
    return source !== undefined && found && 'location' in found
      ? untrusted(source, '/source', properties)
      : [];
  },
  identity: ({ product_code }) => product_code.toUpperCase(),
  provides: (_, id) => [`package:${id}`],
  needs(properties) {
    const source = sourceIn(properties);
    if (!source || 'location' in source) return [];
    return [{ anyOf: [source.path, ...ancestors(source.path)].map(one => `path:${one}`) }];
  },
  desired: ({ version }) => ({ ...(version !== undefined && { version }) }),
  async observe(asked, io) {
    try {
      const products = await readProducts(
        io,
        asked.map(({ id }) => id),
      );
      const versions = new Map(products.map(({ code, version }) => [code.toUpperCase(), version]));
      return new Map(asked.map(one => [one.id, look(one, versions.get(one.id))]));
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  async findSource({ title, properties }, io) {
    const source = sourceIn(properties);
    if (!source) throw noSource(title, properties);
    return findIn(source, io);
  },
  async apply(steps, io) {
    const outcomes = new Map<Id, Outcome>();
    for (const step of steps) outcomes.set(step.id, await outcomeOf(step, io));
    return outcomes;
  },
};

const windows = { platform: 'win32', cwd: 'C:\\' } as const;

const sourceIn = ({ source }: PackageProperties) =>
  source === undefined ? undefined : sourceOf(source, windows);

/** `1.2` and `1.2.0` are one version. */
function look(
  { properties: { version: declared } }: Asked<PackageProperties>,
  version: string | undefined,
): Observation<PackageState> {
  if (version === undefined) return { state: 'absent' };
  const same = declared !== undefined && sameVersion(version, declared);
  return { state: 'present', value: { version: same ? declared : version } };
}

const sameVersion = (a: string, b: string): boolean => {
  const plain = (version: string) => version.replace(/(\.0+)+$/, '');
  return plain(a) === plain(b);
};

async function outcomeOf(step: Step<PackageProperties, PackageState>, io: WriteIo): Promise<Outcome> {
  try {
    const { reboot } = await act(step, io);
    return { ok: true, ...(reboot && { reboot: 'pending' as const }) };
  } catch (error) {
    step.signal.throwIfAborted();
    return { ok: false, diagnostic: oneDiagnostic(error), retry: 'asked', undone: false };
  }
}

const noSource = (title: string, { version }: PackageProperties): Failure => {
  const which = version === undefined ? '' : ' in that version';
  return new Failure(
    given('no-source', `\`${title}\` isn't installed${which}, and no \`source\` says what to install`, {
      hint: 'add `source:` with the path or the URL of the .msi file',
    }),
  );
};

async function act(step: Step<PackageProperties, PackageState>, io: WriteIo): Promise<{ reboot: boolean }> {
  if (step.kind === 'delete') return removeMsi(io, step.id);
  const { title, properties } = step.asked;
  const { source, checksum } = properties;
  if (source === undefined) throw noSource(title, properties);
  const install = (path: string) =>
    installMsi(io, step.id, {
      path,
      again: step.kind === 'update',
      properties: properties.properties ?? {},
    });
  const from = sourceOf(source, windows);
  if (typeof source === 'string' && 'path' in from) {
    const path = writtenPath(source, io).replaceAll('/', '\\');
    await check(path, checksum, io);
    return install(path);
  }
  const temporary = temporaryFile(io, `converge-${step.id}.msi`);
  await io.step(`fetch the package of ${title}`);
  const file = await obtain(from, { checksum, temporary, limit: largest }, io);
  try {
    return await install(temporary);
  } finally {
    await file.discard();
  }
}

/** Bytes; Windows Installer does not take a larger package. */
const largest = 2 * 1024 ** 3;

async function check(path: string, checksum: string | undefined, io: ReadIo): Promise<void> {
  if (!(await io.files.stat(path)))
    throw new Failure(
      world('package-missing', `${path} isn't there`, {
        hint: 'declare what brings it: a `download`, `file` or `archive`',
      }),
    );
  if (checksum === undefined) return;
  const digest = await digestOfFile(io.files, path);
  if (digest === checksum) return;
  throw new Failure(
    world('wrong-checksum', `${path} is not the declared package: it has ${digest}`, {
      hint: 'nothing was installed; correct `checksum:`, or bring the right file',
    }),
  );
}
