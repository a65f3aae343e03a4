/** Names of Beanstalk environments: AWS Elastic Beanstalk API reference, CreateEnvironment. */
export const isEnvironmentName = (text: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9-]{2,38}[A-Za-z0-9]$/.test(text);
