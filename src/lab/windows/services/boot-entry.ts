/** Where Windows keeps what its boot manager starts. */
export const bootKey = 'HKEY_LOCAL_MACHINE\\BCD00000000\\Objects';

/** The one entry of a new Windows. */
export const bootEntry = '{6aaf7a3b-40a3-11ef-8f5c-0050568a0001}';

/** What the boot manager starts when nobody chooses. */
export const bootDefault = `${bootKey}\\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\\Elements\\23000003`;
