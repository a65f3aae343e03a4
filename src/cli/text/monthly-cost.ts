/** S3 Standard in most regions, US dollars for 10^9 bytes and a month. */
export const S3_STANDARD = 0.023;
const GB = 10 ** 9;

/** Dollars per gigabyte and month of a repository at that URL, where nothing else is said; a folder: none. */
export const usualPrice = (url: string): number | undefined =>
  url.startsWith('s3:') ? S3_STANDARD : undefined;

/** US dollars a month for so many bytes, to a hundredth of a cent; undefined: nobody knows the price. */
export const monthlyCost = (size: number, perGb: number | undefined): number | undefined =>
  perGb === undefined ? undefined : Math.round((size / GB) * perGb * 10_000) / 10_000;
