import { ApiError } from '../aws-model/error.ts';
import type { AwsService } from '../aws-model/http.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { readJsonInput, writeRest } from '../aws-model/rest.ts';
import resolverJson from '../aws-model/route53resolver.json' with { type: 'json' };
import type { Ec2World } from '../ec2/world/world.ts';
import { isAllowed } from '../instance/role.ts';

const model = resolverJson as unknown as AwsModel;

/** Of Route 53 Resolver, which rules VPCs have: routes don't show where questions for names go. */
export const resolverService = (world: Ec2World): AwsService => ({
  async answer({ headers, body, role }) {
    const [, operation = ''] = (headers.get('x-amz-target') ?? '').split('.');
    if (!Object.hasOwn(model.operations, operation))
      throw new ApiError('UnknownOperationException', `The lab does not know Route53Resolver.${operation}.`);
    if (role && !isAllowed(role, `route53resolver:${operation}`, '*'))
      throw new ApiError('AccessDeniedException', `User: ${role.arn} is not authorized`);
    const { Filters = [] } = readJsonInput(model, operation, body) as {
      Filters?: { Name?: string; Values?: string[] }[];
    };
    const all = Object.entries((await world.state()).resolverRules).flatMap(([vpc, rules]) =>
      rules.map(rule => ({
        Id: rule.replace('rslvr-rr-', 'rslvr-rrassoc-'),
        ResolverRuleId: rule,
        VPCId: vpc,
        Status: 'COMPLETE',
      })),
    );
    const chosen = all.filter(it =>
      Filters.every(({ Name, Values = [] }) => {
        if (Name === 'VPCId') return Values.includes(it.VPCId);
        if (Name === 'ResolverRuleId') return Values.includes(it.ResolverRuleId);
        throw new ApiError('InvalidParameterException', `The filter ${Name} is not known`);
      }),
    );
    const { json } = writeRest(model, operation, { ResolverRuleAssociations: chosen });
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: json };
  },
});
