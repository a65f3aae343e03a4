interface Tag {
  Key?: string | undefined;
  Value?: string | undefined;
}

export const tagsOf = (tags: Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));

export const toTags = (tags: Record<string, string>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Filters of EC2's Describe actions for what has all of these tags. */
export const filtersOf = (tags: Record<string, string>): { Name: string; Values: string[] }[] =>
  filtersOfAny([tags]);

/**
 * The same for what has all tags of one of these, which have the same names: of each tag any of its values,
 * so that there may be more among the answers.
 */
export const filtersOfAny = (several: Record<string, string>[]): { Name: string; Values: string[] }[] =>
  Object.keys(several[0] ?? {}).map(name => ({
    Name: `tag:${name}`,
    Values: [...new Set(several.map(tags => tags[name]!))],
  }));

export const hasTags = (of: Record<string, string>, tags: Record<string, string>): boolean =>
  Object.entries(tags).every(([name, value]) => of[name] === value);
