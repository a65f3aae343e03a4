/** Windows paths name one file in any case and with either slash, also when they were escaped twice. */
export const pathKey = (path: string): string => path.replace(/[\\/]+/g, '\\').toLowerCase();

/** Whether a path depends on no current directory and on no variable. */
export const isWholePath = (path: string): boolean => /^([A-Za-z]:[\\/]|[\\/]{2})[^%]*$/.test(path);
