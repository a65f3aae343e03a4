import type { SourceSnapshot } from '../../replication/model/source.ts';
import { malformed } from '../http/malformed.ts';
import { readMoref } from '../soap/moref.ts';
import { child, childrenNamed, textAt, type XmlElement } from '../soap/xml.ts';

const WHAT = 'snapshot';

/** All snapshots in a VM's `snapshot` property (unset when it has none), parents before children. */
export function readSnapshotTree(info: XmlElement | undefined): SourceSnapshot[] {
  const walk = (node: XmlElement, below: string[]): SourceSnapshot[] => {
    const one = readNode(node);
    const children = childrenNamed(node, 'childSnapshotList');
    const above = children.flatMap(next => walk(next, [...below, one.name]));
    return [{ ...one, ...(below.length > 0 && { below }) }, ...above];
  };
  return childrenNamed(info, 'rootSnapshotList').flatMap(node => walk(node, []));
}

function readNode(node: XmlElement): SourceSnapshot {
  const created = Date.parse(textAt(node, 'createTime') ?? '');
  if (Number.isNaN(created)) throw malformed(WHAT, 'createTime is not a time');
  return {
    moref: readMoref(child(node, 'snapshot'), WHAT).value,
    name: textAt(node, 'name') ?? '',
    created,
    quiesced: textAt(node, 'quiesced') === 'true',
  };
}
