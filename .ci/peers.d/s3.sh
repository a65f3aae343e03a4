#!/usr/bin/env bash
# Foreign software that judges the lab's AWS and our clients (test/peers/s3-*.test.ts, secrets-*.test.ts) and policies (policies.test.ts).
# Safe to run again: what is there in the pinned version is left alone.
set -eu

awscli=1.45.11
boto3=1.43.11
moto=5.2.1
versitygw=v1.8.0
metadata_mock=v1.13.0
parliament=1.6.4

has_python_package() {
  python3 -c 'import sys, importlib.metadata as m; sys.exit(m.version(sys.argv[1]) != sys.argv[2])' "$1" "$2" 2>/dev/null
}

has_python_package awscli "$awscli" && has_python_package boto3 "$boto3" &&
  has_python_package moto "$moto" && command -v moto_server >/dev/null ||
  PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet \
    "awscli==$awscli" "boto3==$boto3" "moto[ec2,s3,secretsmanager,server,ssm]==$moto"

has_python_package parliament "$parliament" ||
  PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet "parliament==$parliament"

command -v rclone >/dev/null || { apt-get update -qq && apt-get install -y -qq rclone; }

# Building takes minutes on two cores, so only when the binary is missing.
command -v versitygw >/dev/null ||
  GOBIN=/usr/local/bin go install "github.com/versity/versitygw/cmd/versitygw@$versitygw"

command -v ec2-metadata-mock >/dev/null ||
  GOBIN=/usr/local/bin go install "github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock@$metadata_mock"
