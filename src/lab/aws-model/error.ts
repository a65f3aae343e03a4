/** An answer that a service gives as an error. `status`: of HTTP; the JSON services say 400 for most. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
