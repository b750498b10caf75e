package dev.nunchi.cli;

/// A time that passes, as progress lines and summaries show it: hours, minutes and seconds.
final class ElapsedTime {
  private ElapsedTime() {}

  static String shown(double seconds) {
    long whole = Math.round(seconds);
    return "%d:%02d:%02d".formatted(whole / 3600, whole / 60 % 60, whole % 60);
  }
}
