import { ApiError } from '../aws-model/error.ts';
import type { AwsService } from '../aws-model/http.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { findOperation, readRest, writeRest } from '../aws-model/rest.ts';
import profilesJson from '../aws-model/route53profiles.json' with { type: 'json' };
import type { Ec2World } from '../ec2/world/world.ts';
import { isAllowed } from '../instance/role.ts';

const model = profilesJson as unknown as AwsModel;

/** Route 53 Profiles, which are asked what VPCs are associated with. */
export const profilesService = (world: Ec2World): AwsService => ({
  async answer({ method, path, query, headers, body, role }) {
    const call = findOperation(model, method, path);
    if (!call)
      throw new ApiError('UnknownOperationException', `The lab does not know ${method} ${path}.`, 404);
    if (role && !isAllowed(role, `route53profiles:${call.operation}`, '*'))
      throw new ApiError('AccessDeniedException', `User: ${role.arn} is not authorized`, 403);
    const { ResourceId: wanted } = readRest(model, call, query, headers, body);
    const found = Object.entries((await world.state()).associations ?? {})
      .filter(([vpc]) => wanted === undefined || wanted === vpc)
      .flatMap(([vpc, all]) => all.filter(one => one.kind === 'profile').map(({ id }) => ({ vpc, id })));
    const { json } = writeRest(model, call.operation, {
      ProfileAssociations: found.map(({ vpc, id }) => ({
        Id: `rpassoc-${id}`,
        ProfileId: id,
        ResourceId: vpc,
        Status: 'COMPLETE',
      })),
    });
    return { status: 200, headers: { 'content-type': 'application/json' }, body: json };
  },
});
