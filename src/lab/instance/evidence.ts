import { type EvidenceRow, evidenceOf } from '../model/evidence.ts';

const guide = (page: string) => `Amazon EC2 User Guide, "${page}"`;
const use = guide('Use the Instance Metadata Service to access instance metadata');

const rows: EvidenceRow[] = [
  ['quoted', 'A token by PUT /latest/api/token that lives 1 to 21600 seconds; without the header 400', use],
  ['quoted', 'Without a token, with an unknown one or one that has ended: 401 Unauthorized', use],
  ['quoted', 'A PUT with X-Forwarded-For is refused', use],
  ['quoted', '403 where metadata is turned off', use],
  [
    'quoted',
    'Tags are there only when they are allowed in the metadata; one item per key, 404 otherwise',
    guide('View tags for your EC2 instances using instance metadata'),
  ],
  [
    'quoted',
    'The instance identity document has accountId, region, availabilityZone, imageId, instanceId, instanceType',
    guide('Instance identity documents for Amazon EC2 instances'),
  ],
  [
    'quoted',
    'Beanstalk tags its instances elasticbeanstalk:environment-name and -id, and Name',
    'AWS Elastic Beanstalk Developer Guide, "Tagging resources in your Elastic Beanstalk environments"',
  ],
  [
    'believed',
    'Lab only: metadata is version 2 alone; a request without a token is never answered',
    'by design',
  ],
];

/** What the lab's instance metadata does, and how that is known. */
export const evidence = evidenceOf(rows);
