/** What a service is in, which may be more than a declaration can say: `paused`, `failed`, `static`. */
export interface ServiceState {
  startup?: string;
  state?: string;
}
