import { createHash } from 'node:crypto';
import { ApiError } from '../aws-model/error.ts';
import type { Operations } from './operations.ts';

const validName = /^[a-zA-Z0-9_.\-/]{1,1011}$/;
/** Of a standard parameter, UTF-8 bytes. */
const longestValue = 4096;

const notFound = () => new ApiError('ParameterNotFound', '');

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
