package dev.nunchi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A failure that its user can mend: one sentence that names the file, line or field, what was
/// expected and what came.
///
/// The message is shown to users as it stands; it never holds a caller's text or a stack trace. Of
/// one that is longer than 2,000 characters, as it quotes a name that is, the middle is left out.
/// Faults of the program itself are other exceptions.
public final class NunchiException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST = 2_000;

  /// Of what is too long, on both sides of the gap.
  private static final int SHOWN = 900;

  private final Reason reason;
  private final @Nullable String field;
  private final long line;
  private final @Nullable Shortage shortage;

  public NunchiException(Reason reason, String message) {
    this(reason, message, null, 0, null);
  }

  public NunchiException(Reason reason, String message, @Nullable Throwable cause) {
    this(reason, message, null, 0, cause);
  }

  private NunchiException(
      Reason reason, String message, @Nullable String field, long line, @Nullable Throwable cause) {
    super(shortened(message), cause);
    this.reason = reason;
    this.field = field;
    this.line = line;
    this.shortage = null;
  }

  private NunchiException(Reason reason, String message, @Nullable Shortage shortage) {
    super(shortened(message), null, true, false);
    this.reason = reason;
    this.field = null;
    this.line = 0;
    this.shortage = shortage;
  }

  private static String shortened(String message) {
    if (message.length() <= LONGEST) {
      return message;
    }
    // No half of a pair stays beside the gap.
    int end = message.offsetByCodePoints(0, message.codePointCount(0, SHOWN));
    int start = message.length() - SHOWN;
    if (Character.isLowSurrogate(message.charAt(start))) {
      start++;
    }
    return message.substring(0, end) + " … " + message.substring(start);
  }

  /// A failure that comes by the thousand when there is too much to do, and so is made at little
  /// cost: without a stack trace.
  public static NunchiException withoutTrace(Reason reason, String message) {
    return new NunchiException(reason, message, (Shortage) null);
  }

  /// A refusal of a caller who has used up what it may have, without a stack trace.
  public static NunchiException ofShortage(Reason reason, String message, Shortage shortage) {
    return new NunchiException(reason, message, shortage);
  }

  /// A failure that one line of a file caused.
  ///
  /// @param message names file and line
  public static NunchiException atLine(Reason reason, long line, String message) {
    return new NunchiException(reason, message, null, line, null);
  }

  /// A failure that one field of a request caused, for example `text`.
  public static NunchiException ofField(Reason reason, String field, String message) {
    return new NunchiException(reason, message, field, 0, null);
  }

  /// The same failure, its field as a part of another one: `text` in `requests[3]` is
  /// `requests[3].text`.
  public NunchiException in(String parent) {
    return field == null
        ? this
        : new NunchiException(reason, getMessage(), parent + "." + field, line, this);
  }

  /// One sentence; never null.
  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  public Reason reason() {
    return reason;
  }

  /// The line of a file that caused it, counted from 1; 0 where none did.
  public long line() {
    return line;
  }

  /// What the caller has used up, or null where that is not why.
  public @Nullable Shortage shortage() {
    return shortage;
  }

  /// The request's field that caused it, or null where none did.
  public @Nullable String field() {
    return field;
  }
}
