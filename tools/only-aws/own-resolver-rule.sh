#!/usr/bin/env bash
# Which Resolver rules, profiles and private zones a VPC has that nobody gave any: own-resolver-rule.sh
# One rule, rslvr-autodefined-rr-internet-resolver, or none, is what the proof of a network takes for its own.
set -euo pipefail
# shellcheck source=tools/only-aws/agreed.sh
. "$(dirname "$0")/agreed.sh"
agreed 0 'a VPC with nothing in it, for some seconds'
region=$(aws configure get region || true)
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$region}}
vpc=$(aws ec2 create-vpc --cidr-block 10.99.0.0/24 --query Vpc.VpcId --output text)
trap 'aws ec2 delete-vpc --vpc-id "$vpc" >/dev/null' EXIT
rules=$(aws route53resolver list-resolver-rule-associations --filters "Name=VPCId,Values=$vpc" \
  --query 'ResolverRuleAssociations[].ResolverRuleId' --output text)
profiles=$(aws route53profiles list-profile-associations --resource-id "$vpc" --query 'length(ProfileAssociations)' --output text)
zones=$(aws route53 list-hosted-zones-by-vpc --vpc-id "$vpc" --vpc-region "$region" \
  --query 'length(HostedZoneSummaries)' --output text)
echo "rules: ${rules:-none}; profiles: $profiles; private zones: $zones"
[ "$profiles" = 0 ] && [ "$zones" = 0 ] && { [ -z "$rules" ] || [ "$rules" = rslvr-autodefined-rr-internet-resolver ]; }
