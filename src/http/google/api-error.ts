/** google.rpc.Code, as far as it is used here. */
export type ApiErrorCode = keyof typeof apiStatuses;

export const apiStatuses = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const;

/** A google.rpc message that says more than the text does. */
export type ApiErrorDetail = { readonly "@type": `type.googleapis.com/google.rpc.${string}` } & Record<string, unknown>;

/** A refusal in the words of Google's REST APIs (google.rpc.Status). */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly details: readonly ApiErrorDetail[];
  readonly headers: Readonly<Record<string, string>>;

  /** @param message for the client: what happened, to what, and what mends it */
  constructor(
    code: ApiErrorCode,
    message: string,
    details: readonly ApiErrorDetail[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.details = details;
    this.headers = headers;
  }
}

/** The refusal of one field of a request. */
export function invalidField(field: string, description: string): ApiError {
  const detail = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [{ field, description }],
  } as const;
  return new ApiError("INVALID_ARGUMENT", field === "" ? description : `${field}: ${description}`, [detail]);
}
