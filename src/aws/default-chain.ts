/** What the environment and the shared configuration files of AWS say, as its SDK reads them. */
export interface Configured {
  region?: string;
  /** Address of S3: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, or `endpoint_url` of the profile. */
  endpoint?: string;
  /** Path of authorities: `AWS_CA_BUNDLE`, or `ca_bundle` of the profile. */
  ca?: string;
}

/** Sends nothing; what isn't configured, or can't be read, is left out. */
export async function configured(profile: string | undefined): Promise<Configured> {
  const { loadConfig } = await import('@smithy/core/config');
  const from = profile === undefined ? {} : { profile };
  const read = (
    variables: readonly string[],
    inFile: Parameters<typeof loadConfig<string>>[0]['configFileSelector'],
  ) =>
    loadConfig<string>(
      {
        environmentVariableSelector: env => variables.map(name => env[name]).find(Boolean),
        configFileSelector: (...sections) => inFile(...sections) || undefined,
        default: '',
      },
      from,
    )().catch(() => '');
  const [region, ignored, endpoint, ca] = await Promise.all([
    read(['AWS_REGION', 'AWS_DEFAULT_REGION'], profile => profile.region),
    read(['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'], profile => profile.ignore_configured_endpoint_urls),
    // The SDK's own look at it leaves a profile out that its client was told.
    read(['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'], endpointIn),
    read(['AWS_CA_BUNDLE'], profile => profile.ca_bundle),
  ]);
  return {
    ...(region && { region }),
    ...(endpoint && ignored !== 'true' && { endpoint }),
    ...(ca && { ca }),
  };
}

type Section = Record<string, string | undefined>;

/** Of S3 by the section of services that the profile names, else the one for all. */
function endpointIn(profile: Section, all?: Record<string, Section | undefined>): string | undefined {
  const services = profile.services === undefined ? undefined : all?.[`services.${profile.services}`];
  return services?.['s3.endpoint_url'] || profile.endpoint_url;
}
