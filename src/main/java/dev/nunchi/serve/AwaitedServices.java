package dev.nunchi.serve;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// What a `Watch` of health is to wait for. Whoever keeps the statuses keeps each name that it was
/// ever asked for, so of those that nothing has only a few get there, each short enough to be one
/// that a model may get yet; for all others one name stands that nothing ever has. Safe for several
/// threads.
final class AwaitedServices {
  /// That no model may have.
  static final String NEVER = "?";

  /// Two or three more where as many threads come at a time.
  private static final int MOST = 256;

  /// Of the gRPC service, a slash and a model's name.
  private static final int LONGEST = 200;

  private final Predicate<String> isKnown;
  private final Set<String> unknown = ConcurrentHashMap.newKeySet();

  /// @param isKnown whether something of this name has a status now
  AwaitedServices(Predicate<String> isKnown) {
    this.isKnown = isKnown;
  }

  /// The name to wait for in place of one that a caller sent.
  String of(String name) {
    if (isKnown.test(name) || unknown.contains(name)) {
      return name;
    }
    if (name.length() > LONGEST || unknown.size() >= MOST) {
      return NEVER;
    }
    unknown.add(name);
    return name;
  }
}
