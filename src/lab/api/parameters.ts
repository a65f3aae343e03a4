import { createHash } from 'node:crypto';
import { ApiError } from '../aws-model/error.ts';
import type { Ec2State } from '../ec2/world/state.ts';
import type { Operations } from './operations.ts';

const validName = /^[a-zA-Z0-9_.\-/]{1,1011}$/;
/** Of a standard parameter, UTF-8 bytes. */
const longestValue = 4096;

const notFound = () => new ApiError('ParameterNotFound', '');

/** Parameters of Amazon's own, which every account may read. */
const PUBLIC = '/aws/service/ami-amazon-linux-latest/';
/** The images of the lab that they name, by how their names begin. */
const named: Record<string, string> = {
  [`${PUBLIC}al2023-ami-kernel-default-x86_64`]: 'al2023-ami-2023.',
  [`${PUBLIC}amzn2-ami-kernel-5.10-hvm-x86_64-gp2`]: 'amzn2-ami-kernel-5.10-hvm-2.0.',
};

/**
 * A public parameter as GetParameter answers; undefined for any other. Their ARNs name no account. Source:
 * AWS Systems Manager user guide, "Calling AMI public parameters".
 */
export function publicParameter(
  name: string,
  { images }: Pick<Ec2State, 'images'>,
  region: string,
): { arn: string; answer(): object } | undefined {
  if (!name.startsWith('/aws/service/')) return undefined;
  const arn = `arn:aws:ssm:${region}::parameter${name}`;
  return {
    arn,
    answer() {
      const begins = Object.hasOwn(named, name) ? named[name]! : undefined;
      const image = Object.values(images)
        .filter(one => begins !== undefined && one.ownerAlias === 'amazon' && one.name.startsWith(begins))
        .sort((a, b) => b.created - a.created)[0];
      if (!image) throw notFound();
      return {
        Parameter: {
          Name: name,
          Type: 'String',
          Value: image.id,
          Version: 1,
          LastModifiedDate: image.created / 1000,
          ARN: arn,
          DataType: 'text',
        },
      };
    },
  };
}

/** The operations of SSM Parameter Store that secrets take. Source: AWS Systems Manager API reference. */
export const parameterOperations: Operations = {
  async PutParameter({ Name, Value, Type = 'String', Overwrite }, { vault, clock }) {
    if (typeof Name !== 'string' || !validName.test(Name) || /^\/?(aws|ssm)/i.test(Name))
      throw new ApiError('ValidationException', 'Parameter name is not valid.');
    if (typeof Value !== 'string' || Value === '' || Buffer.byteLength(Value) > longestValue)
      throw new ApiError('ValidationException', 'Standard tier parameters hold 1 to 4096 bytes.');
    if (Type !== 'String' && Type !== 'StringList' && Type !== 'SecureString')
      throw new ApiError('ValidationException', 'Parameter type is not valid.');
    return vault.change(({ parameters }) => {
      const known = Object.hasOwn(parameters, Name) ? parameters[Name] : undefined;
      if (known && Overwrite !== true)
        throw new ApiError('ParameterAlreadyExists', 'The parameter already exists.');
      const version = (known?.version ?? 0) + 1;
      parameters[Name] = { type: Type, value: Value, version, modified: clock.now() };
      return { Version: version, Tier: 'Standard' };
    });
  },

  async GetParameter({ Name, WithDecryption }, { vault, region, account }) {
    const asked = String(Name);
    const prefix = `arn:aws:ssm:${region}:${account}:parameter`;
    const [plain = '', selector] = (asked.startsWith('arn:') ? asked.replace(prefix, '') : asked).split(':');
    const { parameters } = await vault.read();
    // An ARN has a slash before the name whether the name begins with one or not.
    const name = [plain, plain.slice(1)].find(each => Object.hasOwn(parameters, each));
    const found = name === undefined ? undefined : parameters[name];
    if (name === undefined || !found) throw notFound();
    if (selector !== undefined && selector !== String(found.version))
      throw new ApiError('ParameterVersionNotFound', '');
    const hidden = found.type === 'SecureString' && WithDecryption !== true;
    return {
      Parameter: {
        Name: name,
        Type: found.type,
        Value: hidden ? createHash('sha256').update(found.value).digest('base64') : found.value,
        Version: found.version,
        LastModifiedDate: found.modified / 1000,
        ARN: `${prefix}${name.startsWith('/') ? '' : '/'}${name}`,
        DataType: 'text',
        ...(selector !== undefined && { Selector: `:${selector}` }),
      },
    };
  },
};
