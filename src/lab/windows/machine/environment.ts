/** Variables whose names have no case, as on Windows; the first spelling is kept. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a process of the system account has before the registry's variables are added. */
export const builtIn: Record<string, string> = {
  ALLUSERSPROFILE: 'C:\\ProgramData',
  CommonProgramFiles: 'C:\\Program Files\\Common Files',
  COMPUTERNAME: 'LAB',
  ComSpec: 'C:\\Windows\\system32\\cmd.exe',
  ProgramData: 'C:\\ProgramData',
  ProgramFiles: 'C:\\Program Files',
  'ProgramFiles(x86)': 'C:\\Program Files (x86)',
  ProgramW6432: 'C:\\Program Files',
  PUBLIC: 'C:\\Users\\Public',
  SystemDrive: 'C:',
  SystemRoot: 'C:\\Windows',
  USERDOMAIN: 'WORKGROUP',
  USERNAME: 'LAB$',
  USERPROFILE: 'C:\\Windows\\system32\\config\\systemprofile',
};

/** `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment` of a new machine. */
export const machineVariables: Record<string, string> = {
  ComSpec: '%SystemRoot%\\system32\\cmd.exe',
  OS: 'Windows_NT',
  Path: '%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\Wbem;%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\',
  PATHEXT: '.COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC',
  PROCESSOR_ARCHITECTURE: 'AMD64',
  NUMBER_OF_PROCESSORS: '2',
  TEMP: '%SystemRoot%\\TEMP',
  TMP: '%SystemRoot%\\TEMP',
  windir: '%SystemRoot%',
};

/** One environment out of several; later ones win. */
export function environment(...layers: Environment[]): Environment {
  const names = new Map<string, string>();
  const values: Record<string, string | undefined> = {};
  for (const [name, value] of layers.flatMap(layer => Object.entries(layer))) {
    const known = names.get(name.toLowerCase()) ?? name;
    names.set(name.toLowerCase(), known);
    values[known] = value;
  }
  const spelled = (name: string | symbol) =>
    typeof name === 'string' ? (names.get(name.toLowerCase()) ?? name) : name;
  return new Proxy(values, {
    get: (target, name) => Reflect.get(target, spelled(name)),
    has: (target, name) => Reflect.has(target, spelled(name)),
    getOwnPropertyDescriptor: (target, name) => Reflect.getOwnPropertyDescriptor(target, spelled(name)),
  });
}

/** `%NAME%` by its value; unknown names stay as they are. */
export const expand = (text: string, env: Environment): string =>
  text.replace(/%([^%]+)%/g, (whole, name: string) => env[name] ?? whole);
