import { fileURLToPath } from 'node:url';

/**
 * A file that comes with converge, by its path from the root: two folders up, from the sources as from a
 * chunk.
 */
export const shipped = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
