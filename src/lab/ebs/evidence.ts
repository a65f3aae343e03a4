import { type EvidenceRow, evidenceOf } from '../model/evidence.ts';

const guide = (page: string) => `Amazon EBS User Guide, "${page}"`;
const model = 'botocore 1.44.8, ebs/2019-11-02';

const rows: EvidenceRow[] = [
  [
    'verified',
    'Names, places and forms of every request, answer and error',
    'boto3 in test/peers/ec2-lab.heavy.ts',
  ],
  [
    'verified',
    'Upload with a parent and without, download of the same bytes, the LINEAR checksum of raw digests',
    'coldsnap 0.12.0 in test/peers/ec2-lab.heavy.ts',
  ],
  ['quoted', 'Blocks have 524,288 bytes, and their SHA-256 is required and checked', model],
  ['quoted', 'A block that is put again overwrites the first', `${model}, PutSnapshotBlock`],
  [
    'quoted',
    'A token with other parameters is ConflictException',
    `${model}, StartSnapshotRequest.ClientToken`,
  ],
  [
    'quoted',
    'A pending snapshot fails Timeout minutes (10 to 4320, 60 by default) after its last block',
    `${model}, StartSnapshotRequest.Timeout`,
  ],
  [
    'quoted',
    'With a parent neither Encrypted nor KmsKeyArn; a plain parent fails where encryption is the default',
    guide('Use encryption with EBS direct APIs'),
  ],
  [
    'believed',
    'The reasons that such refusals give: INVALID_PARAMETER_VALUE',
    'the model lists it, no page says where',
  ],
  [
    'believed',
    'A child may be larger than its parent, never smaller: INVALID_VOLUME_SIZE',
    'the names of the errors',
  ],
  ['quoted', 'Blocks that are not put are those of the parent', guide('Write snapshots')],
  [
    'quoted',
    'Only completed snapshots of the account are read; UNAUTHORIZED_ACCOUNT',
    guide('EBS direct APIs FAQ'),
  ],
  ['quoted', 'Indexes ascend, only written blocks are listed, MaxResults is 100 to 10,000', model],
  ['quoted', 'Block tokens end after seven days', guide('Read snapshots')],
  [
    'quoted',
    'ListChangedBlocks of another lineage: UNRELATED_SNAPSHOTS',
    'EBS direct APIs Reference, ListChangedBlocks',
  ],
  [
    'believed',
    'A block that was written with the same bytes counts as changed',
    'EBS knows writes; nobody tried',
  ],
  [
    'believed',
    'CompleteSnapshot asked again with the same count says the same',
    'as other services of AWS do',
  ],
  ['believed', '100 pending snapshots at once', 'read of a third party; no quota page names it'],
  ['believed', 'Lab only: page tokens do not end', 'by design'],
  [
    'believed',
    'Lab only: requests are not counted against quotas; the fault `throttled` stands for it',
    'by design',
  ],
];

/** What the lab's EBS direct does, and how that is known. */
export const evidence = evidenceOf(rows);
