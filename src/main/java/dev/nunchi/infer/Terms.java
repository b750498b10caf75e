package dev.nunchi.infer;

import org.jspecify.annotations.Nullable;

/// On what terms texts are classified: for whom, how urgently, and until when.
///
/// @param caller takes turns with the others, and is told from them by `equals`
/// @param listener hears what becomes of them; null for nobody
public record Terms(
    Object caller, Urgency urgency, Deadline deadline, @Nullable RunListener listener) {
  private static final Object SOMEBODY = "somebody";

  /// Whether somebody looks on while the answer is computed.
  public enum Urgency {
    /// A text alone or in a stream, which goes first.
    INTERACTIVE,
    /// One of a batch, which has what the others leave, and an eighth of the workers at least.
    BULK
  }

  /// Those of texts to which nobody listens.
  public Terms(Object caller, Urgency urgency, Deadline deadline) {
    this(caller, urgency, deadline, null);
  }

  /// Those of a process that has one caller.
  public static Terms until(Deadline deadline) {
    return new Terms(SOMEBODY, Urgency.INTERACTIVE, deadline);
  }

  /// The same with a listener, or with none.
  public Terms heardBy(@Nullable RunListener other) {
    return other == null && listener == null ? this : new Terms(caller, urgency, deadline, other);
  }
}
