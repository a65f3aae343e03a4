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
  Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] }));
