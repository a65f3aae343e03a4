import type { RecoveryConnection } from './connection.ts';
import { signedCall } from './signed-call.ts';

/** The rule that every VPC has: names that nothing else is said about go to Amazon's own resolver. */
const OWN_RULE = 'rslvr-autodefined-rr-internet-resolver';

interface Page {
  ResolverRuleAssociations?: { ResolverRuleId?: string }[];
  NextToken?: string;
}

/**
 * Rules of Route 53 Resolver that a VPC has: what sends its questions for names elsewhere, and no route
 * shows. Source: Route 53 Resolver API reference, ListResolverRuleAssociations.
 */
export async function resolverRules(
  connection: RecoveryConnection,
  vpc: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const { region } = connection.settings;
  const rules: string[] = [];
  let token: string | undefined;
  do {
    const input = {
      Filters: [{ Name: 'VPCId', Values: [vpc] }],
      MaxResults: 100,
      ...(token !== undefined && { NextToken: token }),
    };
    const answer = await signedCall(
      connection,
      {
        called: 'Route 53 Resolver',
        service: 'route53resolver',
        action: 'route53resolver:ListResolverRuleAssociations',
        thing: vpc,
        host: `route53resolver.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
        path: '/',
        json: { target: 'Route53Resolver.ListResolverRuleAssociations', input },
      },
      signal,
    );
    const page = JSON.parse(answer) as Page;
    for (const { ResolverRuleId } of page.ResolverRuleAssociations ?? [])
      if (ResolverRuleId !== OWN_RULE) rules.push(ResolverRuleId ?? 'unnamed');
    token = page.NextToken;
  } while (token !== undefined);
  return rules;
}
