package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import org.jspecify.annotations.Nullable;

/// A text that has no answer.
///
/// @param line where it stands: a line of a file, or its number among the arguments, from 1
/// @param text null where the line could not be read as one
/// @param why its message names the place
record Refusal(long line, @Nullable String text, NunchiException why) {}
