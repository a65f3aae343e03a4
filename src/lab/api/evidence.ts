import { type EvidenceRow, evidenceOf } from '../model/evidence.ts';

const ssm = (page: string) => `AWS Systems Manager API Reference, ${page}`;
const manager = (page: string) => `AWS Secrets Manager API Reference, ${page}`;
const clients = 'AWS CLI in test/peers/secrets-lab.heavy.ts';

const rows: EvidenceRow[] = [
  ['verified', 'JSON 1.1 over POST with X-Amz-Target, signature version 4 over the body', clients],
  ['verified', 'PutParameter, GetParameter by name, version and ARN, decrypted and not', clients],
  ['verified', 'CreateSecret, PutSecretValue, GetSecretValue by name and ARN', clients],
  ['verified', 'Unknown names: ParameterNotFound and ResourceNotFoundException with status 400', clients],
  ['quoted', 'A parameter that is there is not replaced without Overwrite', ssm('PutParameter')],
  ['quoted', 'A standard parameter holds at most 4 KB', ssm('PutParameter, Value')],
  ['quoted', 'An unknown version is ParameterVersionNotFound', ssm('GetParameter')],
  ['quoted', 'A secret without a current value is ResourceNotFoundException', manager('GetSecretValue')],
  ['quoted', 'ThrottlingException and AccessDeniedException have status 400', ssm('Common Errors')],
  [
    'believed',
    'Without kms:Decrypt both services answer AccessDeniedException, and the message alone tells it',
    'messages seen by users: aceew/aws-lambda-env-vars issue 7, aws-samples/aws-secrets-manager-rotation-lambdas issue 53',
  ],
  [
    'quoted',
    "Amazon's public parameters name its images, and their ARNs no account",
    'AWS Systems Manager User Guide, "Calling AMI public parameters"; Amazon Linux 2023 User Guide',
  ],
  ['believed', 'A SecureString that is not decrypted reads as base64', 'what users print'],
  [
    'verified',
    'DescribeInstances with tag:KEY, page by page; DescribeInstanceStatus; an unknown id',
    'AWS CLI in test/peers/fleet-lab.test.ts',
  ],
  [
    'quoted',
    'GetCallerIdentity needs no permission; the UserId of an instance is ROLE-ID:INSTANCE-ID',
    'AWS STS API Reference, GetCallerIdentity; IAM User Guide, "IAM identifiers"',
  ],
  ['believed', 'Lab only: the role of the instance reads no secrets', 'by design'],
  [
    'quoted',
    'DescribeInstances with instance-state-name, MaxResults 5 to 1000 and NextToken',
    'Amazon EC2 API Reference, DescribeInstances',
  ],
  [
    'quoted',
    'DescribeInstanceStatus of running instances unless IncludeAllInstances; at most 100 ids, never with MaxResults',
    'Amazon EC2 API Reference, DescribeInstanceStatus',
  ],
  [
    'quoted',
    'InvalidInstanceID.NotFound for an unknown id fails the whole call',
    'Amazon EC2 API Reference, Error codes',
  ],
  ['believed', 'Lab only: labels of parameters, stages and versions of secrets are not kept', 'by design'],
];

/** What the lab's stores of secrets do, and how that is known. */
export const evidence = evidenceOf(rows);
