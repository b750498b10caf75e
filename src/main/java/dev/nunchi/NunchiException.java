package dev.nunchi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A failure that its user can mend: one sentence that names the file, line or field, what was
/// expected and what came.
///
/// The message is shown to users as it stands; it never holds a caller's text or a stack trace.
/// Faults of the program itself are other exceptions.
public final class NunchiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final @Nullable String field;

  public NunchiException(Reason reason, String message) {
    this(reason, message, null, null);
  }

  public NunchiException(Reason reason, String message, @Nullable Throwable cause) {
    this(reason, message, null, cause);
  }

  private NunchiException(
      Reason reason, String message, @Nullable String field, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.field = field;
  }

  /// A failure that one field of a request caused, for example `text`.
  public static NunchiException ofField(Reason reason, String field, String message) {
    return new NunchiException(reason, message, field, null);
  }

  /// The same failure, its field as a part of another one: `text` in `requests[3]` is
  /// `requests[3].text`.
  public NunchiException in(String parent) {
    return field == null
        ? this
        : new NunchiException(reason, getMessage(), parent + "." + field, this);
  }

  /// One sentence; never null.
  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  public Reason reason() {
    return reason;
  }

  /// The request's field that caused it, or null where none did.
  public @Nullable String field() {
    return field;
  }
}
