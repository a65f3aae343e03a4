import { type EvidenceRow, evidenceOf } from '../../model/evidence.ts';

const START = 'IIS documentation, "Getting Started with AppCmd.exe"';
const MODULES = 'IIS documentation, "IIS Modules Overview"';
const SCHEMA =
  "IIS 10's IIS_schema.xml, rewrite_schema.xml and arr_schema.xml, as carried in lextm/iis_schema";
const HOST = 'applicationHost.config of a real server, in c1982/IIS-SharedGitConfig';
const LOGS = 'output of real servers in public logs';

const rows: EvidenceRow[] = [
  // Output
  ['quoted', 'lists of SITE, APP, VDIR, APPPOOL and BACKUP, one line an object, plural names allowed', START],
  ['quoted', '/text:* is a tree with [element] lines; /text:NAME gives bare values', START],
  ['quoted', '/config gives what is set, /config:* everything that takes effect', START],
  ['quoted', '`KIND object "NAME" added`, `changed` and `deleted`', START],
  ['quoted', '`Applied configuration changes to section … at configuration commit path …`', LOGS],
  ['quoted', '`Unlocked section "…" at configuration path "…".`', LOGS],
  ['quoted', 'the word ERROR stays English where the message is translated', 'Chinese and Russian logs'],
  ['quoted', '`Command execution failed.` and the text of the Win32 code, with its hresult', LOGS],
  ['quoted', 'errors are on stdout', 'programs that search stdout for them'],
  [
    'believed',
    'attributes and elements of /xml and their order, four spaces of indentation, CRLF',
    'made-up outputs in tests of programs that read them',
  ],
  ['believed', 'PipelineMode and RuntimeVersion in /xml of a pool', 'a fixture of simondean/puppet-iis'],
  ['believed', '`-` for `/` in the element of a section in /xml', 'two documents with input for /in'],
  ['believed', 'the texts of all German messages', 'translated here'],
  ['believed', 'physicalPath is given as it is in the file, variables not expanded', 'no source'],
  ['believed', 'list and /config:* show passwords in clear', 'no source'],
  ['believed', '[add] entries of a collection come after child elements', 'no source'],
  ['believed', 'output is UTF-8, into a pipe too', 'what /xml declares'],
  // Exit codes
  [
    'quoted',
    'exit codes are Win32 codes; 183 is "already there"',
    'Azure, "Use AppCmd.exe to Configure IIS at Startup"',
  ],
  [
    'quoted',
    '183 for an entry that is there and 4312 for one that is not',
    'microsoft/IIS.ServiceMonitor logs',
  ],
  ['quoted', '1726 for hresult 800706be: the low word of the hresult', LOGS],
  ['quoted', 'a missing object of set, delete, start and stop is 1168', 'a test of a deployment program'],
  ['believed', 'a missing site of `list config` is 1168 as well', 'by analogy'],
  ['quoted', 'hresult c00cee2b, `Failed to commit configuration changes.`', LOGS],
  ['believed', 'c00cee2b, which holds no Win32 code, is the exit code itself', 'no source'],
  ['believed', 'a list that finds nothing prints nothing and ends with 1', 'scripts that test for it'],
  ['believed', 'a bad attribute, value, section or parameter is 87', '80070057 in one message'],
  ['believed', 'a lock violation is 33, hresult 80070021', '0x80070021 in IIS’s error pages'],
  ['quoted', 'input of a newer IIS is 8007000d; so, here, is anything that is not an appcmd document', LOGS],
  ['believed', 'a configuration file that is not XML ends every command with 13', 'no source'],
  // Messages
  ['quoted', '`Failed to add duplicate collection element "X".`', MODULES],
  ['quoted', 'the same for a site id that is taken', 'a deployment program’s documentation'],
  [
    'quoted',
    '`Cannot add duplicate collection entry of type … with unique key attribute …` for an entry',
    LOGS,
  ],
  ['quoted', '`Cannot find requested collection element.`', 'microsoft/aspnet-docker issue 35'],
  ['quoted', '`Cannot find SITE object with identifier "X".`', 'programs that search for it'],
  ['quoted', '`Unknown attribute "X".  Replace with -? for help.`', LOGS],
  ['quoted', '`The parameter … must begin with a / or - (HRESULT=80070057).`', LOGS],
  [
    'quoted',
    '`Enum must be one of …`, `Flags must be some combination of …`',
    'lextm/MicrosoftWebAdministration tests',
  ],
  [
    'quoted',
    '`This configuration section cannot be used at this path.` for a locked section',
    'lextm/MicrosoftWebAdministration tests; IIS’s error pages',
  ],
  ['believed', '`Must use exact identifer …`, `Unknown config section …`', 'remembered, no source at hand'],
  // Configuration
  ['quoted', 'types, defaults, enums, flags, keys, ranges and directives of all sections', SCHEMA],
  ['quoted', 'overrideModeDefault and allowDefinition of all sections', HOST],
  ['quoted', 'entries of defaultDocument, handlers and caching profiles come before inherited ones', SCHEMA],
  ['quoted', 'applicationPoolDefaults and the like hold for entries that say nothing', SCHEMA],
  ['quoted', 'location tags, lockAttributes, lockItem, `[enc:PROVIDER:…:enc]`', HOST],
  ['quoted', '29:00:00 comes back as 1.05:00:00', 'puppetlabs-iis, MODULES-8381'],
  ['quoted', '/commit: url, site, app, apphost or a path; a locked section needs apphost', START],
  ['quoted', "`/+[k='v']`, `/-[k='v']`, `/[k='v'].attribute:value`, `/element.attribute:value`", START],
  ['quoted', 'several operations in one command', START],
  ['believed', 'operations of one command are done in order, and all or none of them', 'no source'],
  ['believed', '@start, @end and @N as positions', 'scripts that use them'],
  ['believed', 'an order that inheritance can’t express is written as clear and all entries', 'no source'],
  ['believed', 'an inherited entry that is changed becomes a remove and an entry', 'no source'],
  ['believed', 'a section of a feature that isn’t installed is an unknown one', 'no source'],
  [
    'believed',
    'the sections and modules that a feature brings, and that it takes them along',
    'named after it',
  ],
  ['believed', 'unlock moves the section into a location tag with overrideMode', `the template in ${HOST}`],
  ['believed', 'a page’s settings go into the web.config of its directory', 'no source'],
  ['believed', 'machine.config, the root web.config and system.web are not known', 'a limit of the stand-in'],
  ['believed', 'reset does what clear does', 'a limit of the stand-in'],
  [
    'believed',
    '/in takes the configuration inside of rows for add and for sections only',
    'a limit of the stand-in',
  ],
  // Objects
  ['quoted', 'add site with physicalPath makes the root application and directory', START],
  ['quoted', 'bindings are PROTOCOL/INFORMATION, commas between them; here also URLs', START],
  ['quoted', 'a site without physicalPath has no application', START],
  ['believed', 'the next site id is one more than the greatest', '"next available" in the documentation'],
  ['believed', 'an application may name a pool that doesn’t exist', 'WebAdministrationDsc issue 279'],
  ['believed', 'a root application is `Site/`; `Site` alone isn’t found', 'answers to questions of users'],
  ['believed', 'a new site runs at once unless its address is taken', 'no source'],
  [
    'quoted',
    'IIS stops a site whose new binding another started site has',
    'serverfault.com question 348144',
  ],
  ['believed', 'start of a site whose address is taken is 183, hresult 800700b7', 'IIS Manager’s message'],
  ['believed', 'starting a started pool is 1056, stopping or recycling a stopped one 1062', 'no source'],
  ['believed', 'start and stop don’t change serverAutoStart and autoStart', 'no source'],
  ['believed', 'start of a started site and stop of a stopped one succeed', 'no source'],
  ['quoted', 'a backup without a name is called after its time', START],
  [
    'believed',
    'backups are folders below inetsrv\\backup; one that is there is 183',
    'no source for the code',
  ],
];

/** What this stand-in does, and how far each of it can be trusted. */
export const evidence = evidenceOf(rows);
