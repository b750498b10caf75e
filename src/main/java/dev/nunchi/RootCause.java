package dev.nunchi;

/// The failure at the beginning of a chain of causes, which says what a user can mend: a library
/// that cannot be loaded is reported as a class that cannot be initialised.
public final class RootCause {
  private RootCause() {}

  /// The failure itself where it has no cause.
  public static Throwable of(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
