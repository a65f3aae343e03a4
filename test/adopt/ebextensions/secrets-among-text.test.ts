import { expect, test } from 'vitest';
import { adoptEbextensions } from '../../../src/adopt/ebextensions/adopt.ts';

const adopt = (text: string) => adoptEbextensions([{ name: 'a.config', text }]);
const adopted = (...lines: string[]) =>
  adopt(
    `commands:\n${lines.map((line, n) => `  c${n}:\n    command: ${JSON.stringify(line)}`).join('\n')}\n`,
  );
const todo = ({ leftovers }: ReturnType<typeof adopt>) => leftovers.filter(({ needless }) => !needless);

test.each([
  String.raw`reg add HKLM\SOFTWARE\X /v Dsn /d "Driver=x;UID=sa;PWD=Zw3rg-5" /f`,
  String.raw`reg add HKLM\SOFTWARE\X /v Url /d "https://svc:Zw3rg-B@host/" /f`,
  String.raw`reg add HKLM\SOFTWARE\X /v All /t REG_MULTI_SZ /d "a=b\0Password=Zw3rg-5" /f`,
  'setx CONN "Server=x;User Id=sa;Password=Zw3rg-11" /M',
  'setx STORE "AccountName=x;AccountKey=Zw3rg+11==;EndpointSuffix=core.windows.net" /M',
  'setx JAVA_OPTS "-Djavax.net.ssl.keyStorePassword=Zw3rg-H" /m',
  'setx DB_URL "postgres://u:Zw3rg-G@h/db" /m',
  'setx BLOB "https://h/x.zip?sv=1&sig=Zw3rg%3D" /m',
  String.raw`appcmd set config -section:system.webServer/fastCgi /+"[fullPath='c:\php.exe',arguments='--password=Zw3rg-N']"`,
  `appcmd set config -section:rewrite/globalRules /[name='p'].action.url:"https://u:Zw3rg-L@h/"`,
  `appcmd set config -section:applicationPools /[name='P'].environmentVariables.[name='DB',value='Server=x;Password=Zw3rg-1']`,
  String.raw`schtasks /create /tn T2 /tr "cmd /c net use z: \\fs\x /user:corp\a Zw3rg-3" /sc daily /st 02:00 /f`,
  String.raw`net use z: \\fs\x /user:corp\a Zw3rg-1`,
  String.raw`net use z: \\fs\x Zw3rg-1 /user:corp\a`,
])('%s is left over, without the secret', line => {
  const found = adopted(line);
  expect(JSON.stringify(found)).not.toContain('Zw3rg');
  expect(found.resources).toEqual([]);
  expect(todo(found)).toHaveLength(1);
});

test.each([
  `appcmd set config -section:httpProtocol /+"customHeaders.[name='Authorization',value='Basic Zw3rg-11']"`,
  `appcmd set config -section:httpProtocol /+"customHeaders.[name='X-Api-Key',value='x']" /"customHeaders.[name='X-Api-Key'].value:Zw3rg-11"`,
])('%s has a reference for it', line => {
  const found = adopted(line);
  expect(JSON.stringify(found)).not.toContain('Zw3rg');
  expect(JSON.stringify(found.resources)).toContain('"$secret"');
});

test.each([
  'sig=Zw3rgB',
  'AWSAccessKeyId=A&Signature=Zw3rgB',
  'X-Amz-Signature=Zw3rgB',
  'private_token=Zw3rgB',
])('a URL with ?%s is in nothing', query => {
  const url = `https://h/x.zip?${query}`;
  const found = adopt(JSON.stringify({ sources: { 'c:/a': url }, files: { 'c:/b': { source: url } } }));
  expect(JSON.stringify(found)).not.toContain('Zw3rg');
  expect(found.resources).toEqual([]);
  expect(todo(found)).toHaveLength(2);
});

test.each([
  '$headers = @{ Authorization = "Bearer $token" }',
  'curl -H "Authorization: Bearer $TOKEN" https://h/',
  String.raw`net use z: \\fs\x /user:corp\a && copy a b`,
  String.raw`net use z: /user:corp\a \\fs\x`,
  String.raw`net use z: \\fs\x /user:%U% %P%`,
  'Invoke-WebRequest "https://h/x?sig=$env:SIG"',
])('%j names a secret and holds none', content => {
  const { resources } = adopt(JSON.stringify({ files: { 'C:\\s\\a.cmd': { content } } }));
  expect(resources.find(({ title }) => title === 'C:\\s\\a.cmd')?.properties).toEqual({ content });
});

test('schtasks takes single quotes for quotes, as its help says', () => {
  const task = (run: string) => adopted(`schtasks /create /f /tn T /tr "${run}" /sc onstart`);
  expect(task(String.raw`'c:\program files\n.exe' -x 'a b'`).resources[0]?.properties).toMatchObject({
    command: String.raw`c:\program files\n.exe`,
    arguments: "-x 'a b'",
  });
  expect(task(String.raw`'c:\program files\n.exe'`).resources[0]?.properties).not.toHaveProperty('arguments');
  expect(todo(task(String.raw`'c:\program files\n.exe -x`))).toHaveLength(1);
});
