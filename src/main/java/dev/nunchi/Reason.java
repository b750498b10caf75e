package dev.nunchi;

/// Why something was refused; each front end maps these once to its own codes.
///
/// The names are part of the contract: gRPC sends them as `ErrorInfo.reason`.
public enum Reason {
  /// The text is empty or blank, before or after normalisation.
  EMPTY_TEXT,
  /// The text has more bytes than the configured limit.
  TEXT_TOO_LARGE,
  /// The text has more tokens than the model takes and truncation was not asked for.
  TOO_MANY_TOKENS,
  /// Bytes that should be UTF-8 are not.
  INVALID_UTF8,
  /// A request or an option has a value that is not allowed.
  INVALID_ARGUMENT,
  /// No model of that name is served.
  MODEL_NOT_FOUND,
  /// A model directory lacks a file, or a file in it is damaged or contradicts the others.
  INVALID_MODEL,
  /// The call or the option is part of the contract, and not implemented yet.
  UNIMPLEMENTED,
  /// A model is well-formed but of a family or with a setting that is not implemented.
  UNSUPPORTED_MODEL,
  /// A data file cannot be read as what it should be.
  INVALID_DATA,
  /// A recipe has an unknown key, or a value that is not allowed.
  INVALID_RECIPE,
  /// A result misses the tolerance that it has to keep, for example parity at export.
  FAILED_CHECK,
  /// Every place in the queue is taken; the caller may try again.
  OVERLOADED,
  /// The caller has sent more texts than its rate allows; it may try again after the time that the
  /// refusal says.
  RATE_LIMITED,
  /// The caller has sent as many texts as it may in a day.
  QUOTA_EXCEEDED,
  /// The call carries no token that the server takes.
  UNAUTHENTICATED,
  /// It is known who calls, and that caller has no right to make this call.
  PERMISSION_DENIED,
  /// The server is stopping or the model is not ready.
  UNAVAILABLE,
  /// The caller's deadline passed before the answer was there.
  DEADLINE_EXCEEDED,
  /// A newer item of the same stream took the place of this one, which still waited.
  SUPERSEDED,
  /// A file could not be read or written.
  IO_FAILURE
}
