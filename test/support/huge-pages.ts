/**
 * Has the workers keep their buffers in pages of 2 MiB, where the system has them: a worker comes to more
 * than a gigabyte over hundreds of files, and each program that it starts would first copy the table of those
 * pages.
 */
export default function setup(): void {
  process.env.GLIBC_TUNABLES ??= 'glibc.malloc.hugetlb=1';
}
