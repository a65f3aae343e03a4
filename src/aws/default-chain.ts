/** What the environment and the shared configuration files of AWS say, as its SDK reads them. */
export interface Configured {
  region?: string;
  /** Address of S3: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, or `endpoint_url` of the profile. */
  endpoint?: string;
}

/** Sends nothing; what isn't configured, or can't be read, is left out. */
export async function configured(profile: string | undefined): Promise<Configured> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client(profile === undefined ? {} : { profile });
  try {
    const { region, serviceConfiguredEndpoint } = client.config as typeof client.config & {
      serviceConfiguredEndpoint?: () => Promise<string | undefined>;
    };
    const [found, endpoint] = await Promise.all([
      region().catch(() => undefined),
      serviceConfiguredEndpoint?.().catch(() => undefined),
    ]);
    return { ...(found && { region: found }), ...(endpoint && { endpoint }) };
  } finally {
    client.destroy();
  }
}
