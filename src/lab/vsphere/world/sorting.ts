import type { Random } from '../../../io/ports.ts';
import { type TagState, VM_FOLDER, type WorldState } from './state.ts';

/** Id of the folder at a path below the datacenter's VM folder, made where it isn't there. */
export function folderFor(state: WorldState, path: string | undefined): string {
  let parent = VM_FOLDER;
  for (const name of path?.split('/').filter(Boolean) ?? []) {
    let found = state.folders.find(one => one.parent === parent && one.name === name);
    if (!found) {
      found = { id: `group-v${state.next++}`, name, parent };
      state.folders.push(found);
    }
    parent = found.id;
  }
  return parent;
}

/** The tag called `name` or `category/name`, if it is there. */
export function tagFound(state: WorldState, words: string): TagState | undefined {
  const { name, category } = splitTag(words);
  return state.tags?.find(one => one.name === name && one.category === category);
}

/** The tag called `name` or `category/name`, made where it isn't there. */
export function tagCalled(state: WorldState, words: string, random: Random): TagState {
  const known = tagFound(state, words);
  if (known) return known;
  const made: TagState = { uuid: random.uuid(), ...splitTag(words) };
  state.tags ??= [];
  state.tags.push(made);
  return made;
}

/** Every tag is in a category; without one it is in that of the lab. */
function splitTag(words: string): Pick<TagState, 'name' | 'category'> {
  const at = words.indexOf('/');
  return at < 0
    ? { name: words, category: 'lab' }
    : { name: words.slice(at + 1), category: words.slice(0, at) };
}
