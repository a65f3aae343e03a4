/**
 * The attributes that IIS's schemas mark `encrypted` (IIS_schema.xml, Ftp_schema.xml, rewrite_schema.xml,
 * arr_schema.xml, webfarm.xml), wherever they stand: `password` of pools, directories, anonymous and
 * certificate mapping authentication and ODBC logs, `adPassword` of FTP, `adminPassword` and
 * `clientCertPassword` of farms and proxies, `encryptedValue` of providers. All end so, and no other
 * attribute does; a schema of another product that has a password is taken the same way.
 * @param path `processModel.password`, or the attribute alone
 */
export const isSecretAttribute = (path: string): boolean =>
  /(?:password|encryptedvalue)$/i.test(path.slice(path.lastIndexOf('.') + 1));
