#!/usr/bin/env bash
# Whether a service network that is associated with a VPC is seen in its route tables: lattice-routes.sh
# Makes a VPC and a service network, and removes both.
set -euo pipefail
# shellcheck source=tools/only-aws/agreed.sh
. "$(dirname "$0")/agreed.sh"
agreed 0.05 'a VPC and a service network of VPC Lattice for some minutes'
vpc=
network=
association=
end() {
  if [ -n "$association" ]; then
    aws vpc-lattice delete-service-network-vpc-association --service-network-vpc-association-identifier "$association" >/dev/null
    until ! aws vpc-lattice get-service-network-vpc-association --service-network-vpc-association-identifier "$association" >/dev/null 2>&1; do sleep 5; done
  fi
  [ -z "$network" ] || aws vpc-lattice delete-service-network --service-network-identifier "$network" >/dev/null
  [ -z "$vpc" ] || aws ec2 delete-vpc --vpc-id "$vpc" >/dev/null
}
trap end EXIT
vpc=$(aws ec2 create-vpc --cidr-block 10.99.0.0/24 --query Vpc.VpcId --output text)
network=$(aws vpc-lattice create-service-network --name "converge-only-aws-$$" --query id --output text)
association=$(aws vpc-lattice create-service-network-vpc-association --vpc-identifier "$vpc" \
  --service-network-identifier "$network" --query id --output text)
until [ "$(aws vpc-lattice get-service-network-vpc-association --service-network-vpc-association-identifier "$association" --query status --output text)" = ACTIVE ]; do sleep 5; done
aws ec2 describe-route-tables --filters "Name=vpc-id,Values=$vpc" --query 'RouteTables[].Routes[]' --output table
aws ec2 describe-route-tables --filters "Name=vpc-id,Values=$vpc" --query 'RouteTables[].Routes[].GatewayId' --output text |
  tr '\t' '\n' | grep -qvx local || { echo 'NOT SEEN'; exit 1; }
echo 'seen: a route that is not local'
