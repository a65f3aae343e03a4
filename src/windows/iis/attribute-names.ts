/** Whether appcmd reads it as the name of an attribute, and not as a row, a path or an option of its own. */
export const isAttributeName = (name: string): boolean =>
  /^[A-Za-z_][\w.-]*$/.test(name) && !/^(commit|section)$/i.test(name);
