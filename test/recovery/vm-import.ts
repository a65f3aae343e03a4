import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { connectRoles } from '../../src/aws/iam/roles.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { Imported } from '../../src/recovery/import/imported.ts';
import type { RunMachine } from '../../src/recovery/run/run.ts';
import { policyOf, trustOf } from '../../src/resources/aws/pilot/policies.ts';

export const bucket = 'gdh-vmimport';

export const ways: Record<string, Imported> = {
  convert: { by: 'convert' },
  raw: { by: 'raw', images: `s3://${bucket}/dr` },
};

/** The machine as it is imported that way; as it is for any other. */
export const importedBy = (way: string, machine: RunMachine): RunMachine => ({
  ...machine,
  ...(ways[way] && { imported: ways[way] }),
  ...(way === 'raw' && { disks: machine.disks.map(({ index }) => ({ index })) }),
});

/** The bucket of images, and what makes the role that VM Import reads it as. */
export async function vmImport({
  lab,
  connection,
}: {
  lab: Lab;
  connection: { settings: Parameters<typeof connectRoles>[0] };
}) {
  const { region, s3: credentials } = lab.settings;
  const s3 = new S3Client({ region, credentials, endpoint: lab.s3.url, forcePathStyle: true });
  onTestFinished(() => s3.destroy());
  const LocationConstraint = region as 'eu-west-1';
  await s3.send(
    new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint } }),
  );
  const roles = await connectRoles(connection.settings);
  onTestFinished(() => roles.close());
  const asImporter = async () => {
    const trust = JSON.stringify(trustOf(['vmie.amazonaws.com']));
    await roles.create({ name: 'vmimport', trust, description: '', tags: {} });
    const policy = policyOf({ may: 'importer', images: `s3://${bucket}` }, { account: '1', region });
    await roles.putPolicy('vmimport', 'converge', JSON.stringify(policy));
  };
  return { s3, asImporter };
}
