import type { Meanings } from './meaning.ts';

export const aws = {
  'answer-lost': {
    means: 'An object was written to S3, and the answer was lost: it may or may not be there.',
    wayOut: 'Run again; what was written twice is found out.',
  },
  'aws-access-denied': {
    means: "AWS didn't allow an action.",
    wayOut: 'Allow it in the IAM policy that the message names.',
  },
  'aws-clock-skew': {
    means: "AWS refused a request because this machine's clock is too far off.",
    wayOut: 'Set the clock.',
  },
  'aws-credentials-expired': {
    means: 'The session token of AWS credentials has expired.',
    wayOut: 'Sign in again; a cycle that is under way goes on once there are new ones.',
  },
  'aws-endpoint': {
    means:
      "The endpoint of an aws target, of a profile or of the environment isn't the address of a service.",
    wayOut: 'Write http://HOST:PORT or https://HOST:PORT.',
  },
  'aws-error': {
    means: 'AWS answered with an error that has no code of its own here.',
    wayOut: 'The message holds what AWS said.',
  },
  'aws-no-credentials': {
    means: 'No AWS credentials were found.',
    wayOut: 'Set them on the aws target, or in the environment.',
  },
  'aws-throttled': { means: 'AWS kept asking for fewer requests.', wayOut: 'Run again later.' },
  'aws-unreachable': {
    means: "AWS couldn't be reached.",
    wayOut: 'Check the network, and the region or endpoint of the aws target.',
  },
  'aws-wrong-credentials': {
    means: 'AWS refused the credentials.',
    wayOut: 'Sign in again, or check the keys or the profile of the aws target.',
  },
  'aws-wrong-region': {
    means: 'A bucket or another thing is in another region than the aws target says.',
    wayOut: 'Use an aws target of the right region.',
  },
  'bucket-name': {
    means: "A name can't be that of a bucket.",
    wayOut: 'Use 3 to 63 lower-case letters, digits, dots and hyphens.',
  },
  'bucket-not-empty': {
    means: 'A bucket that is to be deleted still holds objects or old versions.',
    wayOut: 'Empty it yourself, once you are sure that nobody needs what is in it.',
  },
  'bucket-not-found': {
    means: "A bucket doesn't exist.",
    wayOut:
      'Check its name and the region; one that is declared under `bucket:` is made by `converge apply`.',
  },
  'bucket-of-somebody-else': {
    means: 'A bucket belongs to another account.',
    wayOut: 'Choose another name.',
  },
  'instance-metadata': {
    means: 'The instance metadata service answered in an unexpected way.',
    wayOut: 'Run again; a 401 means that something else answers at its address.',
  },
  'instance-metadata-off': {
    means: 'The instance metadata of this machine is turned off.',
    wayOut: 'Turn it on, as the hint shows.',
  },
  'lifecycle-days': {
    means: "A lifecycle rule isn't written in whole days, which S3 counts in.",
    wayOut: 'Write a number of days, such as `7d`.',
  },
  'lock-without-versions': {
    means: 'Objects of a bucket are to be locked, and it is not declared to keep versions.',
    wayOut: 'Add `versioning: true`.',
  },
  'metadata-endpoint': {
    means: "AWS_EC2_METADATA_SERVICE_ENDPOINT isn't an http address.",
    wayOut: 'Leave it out, or write http://HOST:PORT.',
  },
  'metadata-hop-limit': {
    means:
      'The session token of the instance metadata never came: the hop limit holds it back in a container.',
    wayOut: 'Raise the hop limit to 2, as the hint shows.',
  },
  'not-on-ec2': {
    means: "This machine isn't an EC2 instance, or its metadata is out of reach.",
    wayOut: 'Run it on an instance, or follow the hint.',
  },
  'object-altered': {
    means: 'A store took an object and holds other bytes than were sent to it.',
    wayOut: 'Look for what is wrong with the store or on the way to it, and run again.',
  },
  'object-archived': {
    means: "An object is in an archive of S3 and can't be read before it is brought back.",
    wayOut: 'Bring it back, and keep lifecycle rules that archive away from the prefix.',
  },
  'object-changed': {
    means: 'Somebody else changed an object while it was compared.',
    wayOut: 'Run again; let one host alone sync up to a prefix.',
  },
  'object-not-found': { means: "An object isn't in its bucket.", wayOut: 'Check bucket and key.' },
  'secret-circle': {
    means: 'The key of an aws target is behind the same target.',
    wayOut: 'Give the key by `env:` or `file:`, or use a profile or an instance role.',
  },
  'secret-missing': {
    means: "A secret isn't there or holds no text.",
    wayOut: 'Check its name, and store it as text.',
  },
} as const satisfies Meanings;
