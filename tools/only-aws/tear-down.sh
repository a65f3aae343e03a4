#!/usr/bin/env bash
# Whether the entry that ends a test ends what has the tag by then, with this role: tear-down.sh SUBNET GROUP ROLE_ARN
# Launches one t3.micro after the entry is made, waits until the entry has fired, and counts.
set -euo pipefail
[ $# = 3 ] || { echo 'usage: tear-down.sh SUBNET GROUP ROLE_ARN' >&2; exit 2; }
# shellcheck source=tools/only-aws/agreed.sh
. "$(dirname "$0")/agreed.sh"
agreed 0.02 'one t3.micro for a quarter of an hour at most, and an entry of EventBridge Scheduler'
tag="only-aws/$$"
name="converge-only-aws-$$"
instance=
end() {
  [ -z "$instance" ] || aws ec2 terminate-instances --instance-ids "$instance" >/dev/null
  aws scheduler delete-schedule --name "$name" 2>/dev/null || true
}
trap end EXIT
at=$(date -u -d '+4 minutes' +%Y-%m-%dT%H:%M:%S)
input=$(printf '{"DocumentName":"AWS-TerminateEC2Instance","TargetParameterName":"InstanceId","Targets":[{"Key":"tag:converge:run","Values":["%s"]}]}' "$tag")
target=$(printf '{"Arn":"arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution","RoleArn":"%s","Input":%s}' "$3" \
  "$(printf '%s' "$input" | sed 's/"/\\"/g; s/^/"/; s/$/"/')")
aws scheduler create-schedule --name "$name" --schedule-expression "at($at)" --flexible-time-window Mode=OFF \
  --target "$target" >/dev/null
image=$(aws ssm get-parameter --name /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64 \
  --query Parameter.Value --output text)
instance=$(aws ec2 run-instances --image-id "$image" --instance-type t3.micro --subnet-id "$1" --security-group-ids "$2" \
  --metadata-options HttpTokens=required --tag-specifications "ResourceType=instance,Tags=[{Key=converge:run,Value=$tag}]" \
  --query 'Instances[0].InstanceId' --output text)
began=$(date +%s)
while [ $(($(date +%s) - began)) -lt 900 ]; do
  state=$(aws ec2 describe-instances --instance-ids "$instance" --query 'Reservations[0].Instances[0].State.Name' --output text)
  [ "$state" != terminated ] || { echo "ended after $(($(date +%s) - began)) s"; exit 0; }
  sleep 15
done
echo 'NOT ENDED in 15 minutes'
exit 1
