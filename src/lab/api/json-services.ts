import { automate, isAutomation } from '../automation/operations.ts';
import { ApiError } from '../aws-model/error.ts';
import type { AwsService } from '../aws-model/http.ts';
import type { Ec2World } from '../ec2/world/world.ts';
import { isAllowed } from '../instance/role.ts';
import { type ApiFaults, faultError } from './faults.ts';
import type { Account, Operations } from './operations.ts';
import { parameterOperations, publicParameter } from './parameters.ts';
import { secretOperations } from './secrets.ts';

/** By the prefix of X-Amz-Target: the name in a credential scope, and what there is to call. */
const services: Record<string, { name: 'ssm' | 'secretsmanager'; operations: Operations }> = {
  AmazonSSM: { name: 'ssm', operations: parameterOperations },
  secretsmanager: { name: 'secretsmanager', operations: secretOperations },
};

/** SSM Parameter Store and automation, Secrets Manager: JSON 1.1 over POST. */
export const jsonServices = (account: Account, faults: ApiFaults, world: Ec2World): AwsService => ({
  async answer({ headers, body, role }) {
    const [prefix = '', operation = ''] = (headers.get('x-amz-target') ?? '').split('.');
    const answered = (json: string) => ({
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: json,
    });
    if (prefix === 'AmazonSSM' && isAutomation(operation)) {
      if (role) throw faultError('access-denied', 'ssm', operation);
      return answered(await automate(world, operation, body));
    }
    const service = Object.hasOwn(services, prefix) ? services[prefix]! : undefined;
    if (!service || !Object.hasOwn(service.operations, operation))
      throw new ApiError('UnknownOperationException', `The lab does not know ${prefix}.${operation}.`);
    const input = parsed(body);
    const open =
      service.name === 'ssm' && operation === 'GetParameter'
        ? publicParameter(String(input.Name), await world.state(), account.region)
        : undefined;
    // What the account keeps itself its instances read nothing of.
    if (role && !(open && isAllowed(role, 'ssm:GetParameter', open.arn)))
      throw faultError('access-denied', service.name, operation);
    const fault = faults.take(operation);
    if (fault === 'reset') return undefined;
    if (fault) throw faultError(fault, service.name, operation);
    const output = open ? open.answer() : await service.operations[operation]!(input, account);
    return answered(JSON.stringify(output));
  },
});

/** One operation without a signature. Throws ApiError. */
export async function operate(
  account: Account,
  service: 'ssm' | 'secretsmanager',
  operation: string,
  input: object,
): Promise<object> {
  const { operations } = Object.values(services).find(({ name }) => name === service)!;
  return operations[operation]!(input as Record<string, unknown>, account);
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString() || '{}');
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {}
  throw new ApiError('SerializationException', 'The body is not a JSON object.');
}
