/** What S3 asks of a name, with the reason to show when a name breaks it. */
const rules: [breaks: (name: string) => boolean, why: string, newOnly?: true][] = [
  [name => name.length < 3 || name.length > 63, 'it must have 3 to 63 characters', true],
  [name => /[^a-z0-9.-]/.test(name), 'it may hold only lower-case letters, digits, dots and hyphens'],
  [name => /^[^a-z0-9]|[^a-z0-9]$/.test(name), 'it must begin and end with a letter or digit'],
  [name => name.includes('..'), 'it must not hold two dots in a row'],
  [name => /^\d+\.\d+\.\d+\.\d+$/.test(name), 'it must not look like an IP address'],
  [name => /^(xn--|sthree-|amzn-s3-demo-)/.test(name), 'S3 keeps this beginning for itself', true],
  [
    name => /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name),
    'S3 keeps this ending for itself',
    true,
  ],
];

/**
 * Why S3 would refuse the name of a general purpose bucket ("Bucket naming rules"); undefined when it is
 * fine. One that is there may have a name that S3 gives to none any more: it may be in another store, or be
 * the alias of an access point.
 */
export const bucketNameProblem = (name: string, isNew = true): string | undefined =>
  rules.find(([breaks, , newOnly]) => (isNew || !newOnly) && breaks(name))?.[1];
