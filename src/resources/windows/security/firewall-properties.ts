type Profile = 'domain' | 'private' | 'public';

/** As written. */
export interface FirewallProperties {
  name?: string;
  direction?: 'in' | 'out';
  action?: 'allow' | 'block';
  protocol?: string;
  local_port?: string | string[];
  remote_port?: string | string[];
  local_address?: string | string[];
  remote_address?: string | string[];
  profile?: Profile | 'any' | Profile[];
  program?: string;
  service?: string;
  interface_type?: 'any' | 'lan' | 'wireless' | 'ras';
  edge_traversal?: boolean;
  description?: string;
  enabled?: boolean;
}

export interface FirewallState {
  direction: 'in' | 'out';
  action: 'allow' | 'block';
  protocol?: string;
  /** Lists in their one form, `any` alone or sorted. */
  local_port?: string[];
  remote_port?: string[];
  local_address?: string[];
  remote_address?: string[];
  profile?: string[];
  program?: string;
  service?: string;
  interface_type?: string;
  edge_traversal?: boolean;
  description?: string;
  enabled?: boolean;
}
