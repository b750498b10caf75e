/// Faults that files of a user, and bytes of a caller, may have, for tests: in comes a file or
/// bytes and a random generator, out comes the same file with one thing wrong. Start at [Fault].
@org.jspecify.annotations.NullMarked
package dev.nunchi.faults;
