package dev.nunchi.infer;

/// On what terms texts are classified: for whom, how urgently, and until when.
///
/// @param caller takes turns with the others, and is told from them by `equals`
public record Terms(Object caller, Urgency urgency, Deadline deadline) {
  private static final Object SOMEBODY = "somebody";

  /// Whether somebody looks on while the answer is computed.
  public enum Urgency {
    /// A text alone or in a stream, which goes first.
    INTERACTIVE,
    /// One of a batch, which has what the others leave, and an eighth of the workers at least.
    BULK
  }

  /// Those of a process that has one caller.
  public static Terms until(Deadline deadline) {
    return new Terms(SOMEBODY, Urgency.INTERACTIVE, deadline);
  }
}
