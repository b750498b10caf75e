/// Faults that files of a user may have, for tests: in comes a file and a random generator, out
/// comes the same file with one thing wrong. Start at [Fault].
@org.jspecify.annotations.NullMarked
package dev.nunchi.faults;
