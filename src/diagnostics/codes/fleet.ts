import type { Meanings } from './meaning.ts';

export const fleet = {
  'bad-batch': { means: '`--batch` is neither a number nor a share.', wayOut: 'Write `2` or `25%`.' },
  'bad-health': {
    means: "`--health` isn't a probe.",
    wayOut: 'Write `ec2`, `none`, or a URL with `{private_ip}` or `{public_ip}`.',
  },
  'bad-key-reference': {
    means: '`--key` was given something other than the place of a key.',
    wayOut: 'Write `env:NAME` or `file:PATH`.',
  },
  'bad-self-url': {
    means: "A URL can't be one that instances take their content from.",
    wayOut: 'Write s3://BUCKET/ or s3://BUCKET/PREFIX/.',
  },
  'content-changed': {
    means: "Content isn't what was signed.",
    wayOut: 'Sign it again, and find out who can write there.',
  },
  'content-not-found': {
    means: 'A bucket has nothing for the environment.',
    wayOut: 'Put it there with `converge sign ... --to URL`.',
  },
  'instance-state-damaged': {
    means: 'What an instance remembers is damaged or of a newer version.',
    wayOut: 'Find out who wrote it; once it is removed, content of any sequence is taken.',
  },
  'no-instances': {
    means: 'No running instance belongs to the environment.',
    wayOut: 'Check the name, the region and the account.',
  },
  'no-node': { means: "Node for that system isn't installed here.", wayOut: 'Follow the hint.' },
  'no-trusted-key': {
    means: 'No key is trusted on this instance, so nothing can be verified.',
    wayOut: 'Install the public key, or name it with `--trust`.',
  },
  'nothing-kept': {
    means: "An instance can't reach S3 and has no content that converged before.",
    wayOut: 'Let the first run reach S3.',
  },
  'older-sequence': {
    means: 'Content has a lower sequence than the instance has had.',
    wayOut: 'Sign it with `--replaces-up-to` to go back on purpose.',
  },
  'private-key-here': {
    means: 'A private key is where a public one belongs.',
    wayOut: 'Put the public one there, and make a new pair: this key may have been seen.',
  },
  'report-refused': {
    means: "The reports of instances can't be taken as they are (a warning).",
    wayOut: 'Follow the hint.',
  },
  'rollout-busy': { means: 'A rollout changed each time that it was to be halted.', wayOut: 'Try again.' },
  'rollout-malformed': {
    means: "An object isn't a rollout of the environment.",
    wayOut: 'Find out who wrote it, and remove it.',
  },
  'rollout-running': {
    means: 'Another rollout of the environment is still running.',
    wayOut: 'Wait for it, or end it with `converge rollout halt`.',
  },
  'rollout-taken-over': {
    means: 'Somebody else has halted or replaced the rollout.',
    wayOut: '`converge rollout status` shows its state.',
  },
  'signature-expired': {
    means: 'A signature has expired.',
    wayOut: 'Sign the content again with a later `--expires`.',
  },
  'signature-from-the-future': {
    means: 'A signature was issued at a time that is yet to come.',
    wayOut: 'Set the clock of this machine, or of the one that signs.',
  },
  'signature-malformed': { means: "A file isn't a signature.", wayOut: 'Make it with `converge sign`.' },
  'signature-missing': {
    means: 'Content is there, and nothing signs it.',
    wayOut: 'Run `converge sign` on it.',
  },
  'signature-unknown-key': {
    means: "Content is signed by a key that isn't trusted here.",
    wayOut: 'Sign it with a trusted key, or trust this one.',
  },
  'signature-wrong': {
    means: "A signature doesn't match: it was changed after it was made.",
    wayOut: 'Sign the content again, and find out who can write to the bucket.',
  },
  'signed-for-another': {
    means: 'Content is signed for another environment.',
    wayOut: 'Sign it with the right `--environment`.',
  },
  'trust-not-safe': {
    means: 'A file of trusted keys belongs to, or can be changed by, somebody else.',
    wayOut: 'Give it to root or to the user who runs converge, as the hint says.',
  },
  'unsigned-content': {
    means: 'Content was taken without a signature (a warning).',
    wayOut: 'Sign it, and leave out `--insecure-unsigned`.',
  },
  'wrong-arch': {
    means: "Instances with Windows don't exist for that architecture.",
    wayOut: 'Use `--arch x64`.',
  },
  'wrong-content': {
    means: 'What is to be signed is neither a .yaml nor a .zip.',
    wayOut: 'Zip a folder first.',
  },
  'wrong-environment': {
    means: "A name can't be that of a Beanstalk environment.",
    wayOut: 'Use 4 to 40 letters, digits and hyphens.',
  },
  'wrong-node': {
    means: "A file isn't the Node that was expected.",
    wayOut: 'Get the right one, as the hint says.',
  },
} as const satisfies Meanings;
