#!/usr/bin/env bash
# How soon, and whether whole, a line on the serial console of an instance is read: console-lines.sh SUBNET GROUP
# Launches one t3.micro of Amazon Linux 2023, and ends it.
set -euo pipefail
[ $# = 2 ] || { echo 'usage: console-lines.sh SUBNET GROUP' >&2; exit 2; }
# shellcheck source=tools/only-aws/agreed.sh
. "$(dirname "$0")/agreed.sh"
agreed 0.02 'one t3.micro for a quarter of an hour at most'
image=$(aws ssm get-parameter --name /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64 \
  --query Parameter.Value --output text)
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
data="#!/bin/sh
for n in 1 2 3; do echo 'converge:only-aws $nonce' >/dev/ttyS0; sleep 1; done"
instance=$(aws ec2 run-instances --image-id "$image" --instance-type t3.micro --subnet-id "$1" --security-group-ids "$2" \
  --metadata-options HttpTokens=required --instance-initiated-shutdown-behavior terminate --user-data "$data" \
  --query 'Instances[0].InstanceId' --output text)
trap 'aws ec2 terminate-instances --instance-ids "$instance" >/dev/null' EXIT
began=$(date +%s)
while [ $(($(date +%s) - began)) -lt 900 ]; do
  if aws ec2 get-console-output --instance-id "$instance" --latest --query Output --output text | grep -q "converge:only-aws $nonce"; then
    echo "read after $(($(date +%s) - began)) s"
    exit 0
  fi
  sleep 5
done
echo 'NOT READ in 15 minutes'
exit 1
