import { ApiError } from '../aws-model/error.ts';
import type { AwsService } from '../aws-model/http.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { findOperation, readRest, writeRest } from '../aws-model/rest.ts';
import zonesJson from '../aws-model/route53.json' with { type: 'json' };
import profilesJson from '../aws-model/route53profiles.json' with { type: 'json' };
import type { Association } from '../ec2/world/state.ts';
import type { Ec2World } from '../ec2/world/world.ts';
import { isAllowed } from '../instance/role.ts';

type Asked = Readonly<Record<string, unknown>>;

/**
 * A service that is asked one thing: what of one kind VPCs are associated with.
 *
 * @param vpcOf the VPC that is asked about; undefined: all
 * @param answer of those that were found, the answer's body
 */
const listing = (
  world: Ec2World,
  model: AwsModel,
  service: 'route53' | 'route53profiles',
  kind: Association['kind'],
  vpcOf: (asked: Asked) => unknown,
  answer: (found: { vpc: string; id: string }[], operation: string) => string,
  type: string,
): AwsService => ({
  async answer({ method, path, query, headers, body, role }) {
    const call = findOperation(model, method, path);
    if (!call)
      throw new ApiError('UnknownOperationException', `The lab does not know ${method} ${path}.`, 404);
    if (role && !isAllowed(role, `${service}:${call.operation}`, '*'))
      throw new ApiError('AccessDeniedException', `User: ${role.arn} is not authorized`, 403);
    const wanted = vpcOf(readRest(model, call, query, headers, body));
    const found = Object.entries((await world.state()).associations ?? {})
      .filter(([vpc]) => wanted === undefined || wanted === vpc)
      .flatMap(([vpc, all]) => all.filter(one => one.kind === kind).map(({ id }) => ({ vpc, id })));
    return { status: 200, headers: { 'content-type': type }, body: answer(found, call.operation) };
  },
});

const profiles = profilesJson as unknown as AwsModel;

/** Route 53 Profiles. */
export const profilesService = (world: Ec2World): AwsService =>
  listing(
    world,
    profiles,
    'route53profiles',
    'profile',
    ({ ResourceId }) => ResourceId,
    (found, operation) =>
      writeRest(profiles, operation, {
        ProfileAssociations: found.map(({ vpc, id }) => ({
          Id: `rpassoc-${id}`,
          ProfileId: id,
          ResourceId: vpc,
          Status: 'COMPLETE',
        })),
      }).json,
    'application/json',
  );

/** Private hosted zones of Route 53, the one of these that speaks XML. */
export const zonesService = (world: Ec2World): AwsService =>
  listing(
    world,
    zonesJson as unknown as AwsModel,
    'route53',
    'zone',
    ({ VPCId }) => VPCId,
    found => {
      const zones = found.map(
        ({ id }) =>
          `<HostedZoneSummary><HostedZoneId>Z0123456789ABCDEFGHIJ</HostedZoneId><Name>${id}.</Name>` +
          '<Owner><OwningAccount>123456789012</OwningAccount></Owner></HostedZoneSummary>',
      );
      return (
        '<?xml version="1.0"?>\n<ListHostedZonesByVPCResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">' +
        `<HostedZoneSummaries>${zones.join('')}</HostedZoneSummaries><MaxItems>100</MaxItems></ListHostedZonesByVPCResponse>`
      );
    },
    'text/xml',
  );
