import type { Command } from 'commander';

/** A target said by options, for a machine that has no manifests yet. */
export const withTargetOptions = (command: Command): Command =>
  command
    .option('--url <URL>', 'vsphere: https://HOST')
    .option('--username <USER>', 'vsphere: with its domain')
    .option('--password <SOURCE>', 'vsphere: env:NAME or file:PATH')
    .option('--sha256 <HEX>', "vsphere: SHA-256 of the server's certificate")
    .option('--ca <FILE>', 'vsphere: PEM file of the authority that signed the certificate')
    .option('--datacenter <NAME>', 'vsphere: the only datacenter to look in')
    .option('--region <REGION>', 'aws: default from AWS_REGION')
    .option('--profile <NAME>', 'aws: profile of the shared configuration');
