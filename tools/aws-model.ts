/**
 * Writes src/lab/aws-model/*.json: of AWS's service models, as botocore ships them, the operations that the
 * lab answers and the shapes that these reach. Run it with botocore's `data` folder:
 *
 *     pip download --no-deps botocore==1.44.8 && unzip botocore-*.whl 'botocore/data/*'
 *     node tools/aws-model.ts botocore/data 1.44.8
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AwsModel, Member, Shape } from '../src/lab/aws-model/model.ts';
import { operationsOf } from '../src/lab/aws-model/operations.ts';

interface Named {
  shape: string;
  locationName?: string;
  queryName?: string;
  location?: 'uri' | 'header' | 'querystring';
}
interface Service {
  metadata: { apiVersion: string; protocol: string; targetPrefix?: string };
  operations: Record<
    string,
    { http: { method: string; requestUri: string; responseCode?: number }; input?: Named; output?: Named }
  >;
  shapes: Record<
    string,
    {
      type: Shape['type'];
      members?: Record<string, Named>;
      member?: Named;
      key?: Named;
      value?: Named;
      required?: string[];
      payload?: string;
      enum?: string[];
      min?: number;
      max?: number;
      pattern?: string;
      timestampFormat?: string;
    }
  >;
}

const [folder, version] = process.argv.slice(2);
if (!folder || !version) throw new Error('usage: aws-model.ts BOTOCORE_DATA_FOLDER BOTOCORE_VERSION');

/** Longer ones grow with every week (instance types): the lab has lists of its own for those. */
const longestEnum = 100;

const lower = (name: string) => name[0]!.toLowerCase() + name.slice(1);
const upper = (name: string) => name[0]!.toUpperCase() + name.slice(1);

/** The names on the wire, where they aren't what the protocol makes of the member's name. */
function memberOf(
  name: string,
  { shape, locationName, queryName, location }: Named,
  protocol: string,
): Member {
  if (protocol === 'rest-xml')
    // The writer of XML makes names of its own only for EC2.
    return {
      shape,
      ...(locationName !== undefined && locationName !== name && { in: locationName }),
      out: locationName ?? name,
      ...(location && { at: location }),
    };
  if (protocol !== 'ec2') {
    return {
      shape,
      ...(locationName !== undefined && locationName !== name && { in: locationName, out: locationName }),
      ...(location && { at: location }),
    };
  }
  const asked = queryName ?? (locationName === undefined ? name : upper(locationName));
  const answered = locationName ?? name;
  return {
    shape,
    ...(asked !== name && { in: asked }),
    ...(answered !== lower(name) && { out: answered }),
  };
}

function shapeOf(service: Service, name: string, protocol: string): Shape {
  const { type, members, member, key, value, required, payload, min, max, pattern, ...it } =
    service.shapes[name]!;
  switch (type) {
    case 'structure':
      return {
        type,
        members: Object.fromEntries(
          Object.entries(members ?? {}).map(([each, named]) => [each, memberOf(each, named, protocol)]),
        ),
        ...(required && required.length > 0 && { required }),
        ...(payload !== undefined && { payload }),
      };
    case 'list':
      return {
        type,
        member: member!.shape,
        ...(items[protocol] !== undefined && { item: member!.locationName ?? items[protocol] }),
      };
    case 'map':
      return { type, key: key!.shape, value: value!.shape };
    default:
      return {
        type,
        ...(it.enum && it.enum.length <= longestEnum && { enum: it.enum }),
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        ...(pattern !== undefined && { pattern }),
        ...(it.timestampFormat !== undefined && { format: it.timestampFormat }),
      };
  }
}

/** What elements of a list are called in XML where the model doesn't say. */
const items: Record<string, string> = { ec2: 'item', 'rest-xml': 'member' };

const reached = (shape: Shape): string[] =>
  shape.type === 'structure'
    ? Object.values(shape.members).map(each => each.shape)
    : shape.type === 'list'
      ? [shape.member]
      : shape.type === 'map'
        ? [shape.key, shape.value]
        : [];

for (const [name, wanted] of Object.entries(operationsOf)) {
  const newest = (await readdir(join(folder, name))).sort().at(-1)!;
  const packed = await readFile(join(folder, name, newest, 'service-2.json.gz'));
  const service = JSON.parse(gunzipSync(packed).toString()) as Service;
  const { protocol } = service.metadata;
  const shapes = new Map<string, Shape>();
  const add = (shape: string) => {
    if (shapes.has(shape)) return;
    const made = shapeOf(service, shape, protocol);
    shapes.set(shape, made);
    for (const each of reached(made)) add(each);
  };
  const operations: AwsModel['operations'] = {};
  for (const operation of [...wanted].sort()) {
    const found = service.operations[operation];
    if (!found) throw new Error(`botocore ${version} has no ${name}:${operation}`);
    const { http, input, output } = found;
    if (input) add(input.shape);
    if (output) add(output.shape);
    operations[operation] = {
      ...(input && { input: input.shape }),
      ...(output && { output: output.shape }),
      ...(protocol !== 'ec2' && { http: [http.method, http.requestUri, http.responseCode ?? 200] }),
    };
  }
  const { apiVersion } = service.metadata;
  const head = { source: `botocore ${version}`, apiVersion, operations };
  // One line per shape: what a newer model changes can be read in a comparison.
  const lines = [...shapes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([each, shape]) => `${JSON.stringify(each)}: ${JSON.stringify(shape)}`);
  const text = `${JSON.stringify(head).slice(0, -1)},\n"shapes": {\n${lines.join(',\n')}\n}}\n`;
  await writeFile(new URL(`../src/lab/aws-model/${name}.json`, import.meta.url), text);
}
