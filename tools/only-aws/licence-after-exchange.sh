#!/usr/bin/env bash
# Whether an instance of a stock Windows keeps its licence when its root is exchanged for another volume:
# licence-after-exchange.sh IMAGE SUBNET GROUP SNAPSHOT
# GROUP lets nothing in or out; SNAPSHOT holds a Windows disk. Launches one m6i.large, and ends it.
# Needs an AWS CLI that knows `create-replace-root-volume-task --volume-id` (botocore 1.44.8 or newer).
set -euo pipefail
[ $# = 4 ] || { echo 'usage: licence-after-exchange.sh IMAGE SUBNET GROUP SNAPSHOT' >&2; exit 2; }
# shellcheck source=tools/only-aws/agreed.sh
. "$(dirname "$0")/agreed.sh"
agreed 0.50 'one m6i.large with Windows, and a volume of the snapshot, for half an hour'
instance=$(aws ec2 run-instances --image-id "$1" --instance-type m6i.large --subnet-id "$2" --security-group-ids "$3" \
  --metadata-options HttpTokens=required --query 'Instances[0].InstanceId' --output text)
volume=
end() {
  aws ec2 terminate-instances --instance-ids "$instance" >/dev/null
  aws ec2 wait instance-terminated --instance-ids "$instance"
  # The exchanged root may end with its instance.
  [ -z "$volume" ] || aws ec2 delete-volume --volume-id "$volume" 2>/dev/null || true
}
trap end EXIT
aws ec2 wait instance-running --instance-ids "$instance"
billing() {
  aws ec2 describe-instances --instance-ids "$instance" \
    --query 'Reservations[0].Instances[0].[PlatformDetails,UsageOperation]' --output text
}
before=$(billing)
zone=$(aws ec2 describe-instances --instance-ids "$instance" \
  --query 'Reservations[0].Instances[0].Placement.AvailabilityZone' --output text)
volume=$(aws ec2 create-volume --snapshot-id "$4" --availability-zone "$zone" --volume-type gp3 --query VolumeId --output text)
aws ec2 wait volume-available --volume-ids "$volume"
task=$(aws ec2 create-replace-root-volume-task --instance-id "$instance" --volume-id "$volume" --delete-replaced-root-volume \
  --query ReplaceRootVolumeTask.ReplaceRootVolumeTaskId --output text)
state=pending
while [ "$state" = pending ] || [ "$state" = in-progress ]; do
  sleep 10
  state=$(aws ec2 describe-replace-root-volume-tasks --replace-root-volume-task-ids "$task" \
    --query 'ReplaceRootVolumeTasks[0].TaskState' --output text)
done
after=$(billing)
printf 'exchange: %s\nbefore: %s\nafter:  %s\n' "$state" "$before" "$after"
[ "$state" = succeeded ] && [ "$before" = "$after" ]
