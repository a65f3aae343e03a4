import { assumedRate } from '../replica/estimate.ts';
import { imageParts } from './image-parts.ts';
import type { Imported } from './imported.ts';

/** What an import of a machine takes beside what any recovery does. */
export interface ImportTakes {
  /** Until its disks are in S3; 0 of `convert`. */
  upload_seconds: number;
  /** Of VM Import itself: the least and the most that people tell of. It tells nobody beforehand. */
  import_seconds: [number, number];
  /** US dollars for requests, and a month to keep images that nobody removes. */
  requests: number;
  keeping: number;
}

/**
 * Seconds. Source: what users tell of machines of 10 to 40 GiB in public threads and articles, 15 to 25
 * minutes; AWS documents no duration.
 */
const importing: [number, number] = [15 * 60, 25 * 60];
/** US dollars for 1,000 requests that put. Source: S3 pricing, us-east-1. */
const perThousandPuts = 0.005;
/** US dollars for a GB and month. Source: the same, S3 Standard. */
const perGbMonth = 0.023;

/** VM Import costs nothing by itself. Source: VM Import/Export, "Pricing". */
export function importTakes(
  { by }: Imported,
  disks: readonly { bytes: number; label: string }[],
): ImportTakes {
  if (by === 'convert') return { upload_seconds: 0, import_seconds: importing, requests: 0, keeping: 0 };
  const bytes = disks.reduce((sum, disk) => sum + disk.bytes, 0);
  const puts = disks.reduce((sum, disk) => sum + imageParts(disk.bytes, disk.label).count + 2, 0);
  return {
    upload_seconds: Math.ceil(bytes / assumedRate),
    import_seconds: importing,
    requests: (puts / 1000) * perThousandPuts,
    keeping: (bytes / 1e9) * perGbMonth,
  };
}
