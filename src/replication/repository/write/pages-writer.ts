import { type ContainerBuilder, containerBuilder } from '../../format/container.ts';
import type { SectionRef } from '../../format/page-map.ts';
import { encodePagesFooter, type PageSection } from '../../format/pages-object.ts';
import { newId } from '../read/repository-context.ts';
import { type Session, uploads } from './commit-session.ts';

export interface PagesWriter {
  add(kind: PageSection['kind'], disk: number, page: number, payload: Buffer): SectionRef;
  room(): Promise<void>;
  /** Resolves with the bytes of each pages object written, by id. */
  flush(): Promise<Map<string, number>>;
}

/** A commit usually writes one pages object; a first one of a large disk more. */
const LONGEST = 8 * 2 ** 20;

export function pagesWriter(session: Session): PagesWriter {
  const { context } = session;
  const queue = uploads(1);
  const written = new Map<string, number>();
  let open: { id: string; key: string; builder: ContainerBuilder; sections: PageSection[] } | undefined;

  const close = () => {
    if (!open) return;
    const { id, key, builder, sections } = open;
    open = undefined;
    const { bytes } = builder.finish(encodePagesFooter(sections));
    written.set(id, bytes.length);
    queue.start(() => session.put('pages', key, bytes));
  };
  const begin = () => {
    const id = newId(context);
    const key = context.names.pages(id);
    open = { id, key, builder: containerBuilder(context.vault, 'pages', key, id), sections: [] };
    return open;
  };
  return {
    add(kind, disk, page, payload) {
      const object = open ?? begin();
      const span = object.builder.add(payload);
      object.sections.push({ kind, disk, page, ...span });
      if (object.builder.size >= LONGEST) close();
      return { object: object.id, ...span };
    },
    room: () => queue.room(),
    async flush() {
      close();
      await queue.end();
      return written;
    },
  };
}
